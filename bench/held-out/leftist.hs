{-# LANGUAGE BangPatterns #-}
import System.Environment
import Data.Bits
data Heap = Empty | Heap Int Int Heap Heap
rand :: Int -> Int
rand s = (s * 1664525 + 1013904223) .&. 0xFFFFFFFF
rank :: Heap -> Int
rank Empty = 0
rank (Heap r _ _ _) = r
make :: Int -> Heap -> Heap -> Heap
make x a b | rank a < rank b = Heap (rank a + 1) x b a
           | otherwise = Heap (rank b + 1) x a b
merge :: Heap -> Heap -> Heap
merge Empty h = h
merge h Empty = h
merge h@(Heap _ x a b) g@(Heap _ y c d) | x <= y = make x a (merge b g)
                                        | otherwise = make y c (merge h d)
fill :: Int -> Int -> Heap -> Heap
fill 0 !_ !h = h
fill n !s !h = fill (n - 1) (rand s) (merge (Heap 1 (s `unsafeShiftR` 8) Empty Empty) h)
drain :: Heap -> Int -> Int
drain Empty !k = k
drain (Heap _ x a b) !k = drain (merge a b) ((k * 31 + x) `rem` 1000000007)
main = do { [s] <- getArgs; print (drain (fill (read s) 4711 Empty) 7) }
