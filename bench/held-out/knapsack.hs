{-# LANGUAGE BangPatterns #-}
import System.Environment
import Data.Bits
data Thing = Thing Int Int
rand :: Int -> Int
rand s = (s * 1664525 + 1013904223) .&. 0xFFFFFFFF
things :: Int -> Int -> [Thing]
things 0 _ = []
things n !s = Thing ((s `unsafeShiftR` 8) `rem` 97 + 3) ((s `unsafeShiftR` 16) `rem` 101) : things (n - 1) (rand s)
zeros :: Int -> [Int]
zeros 0 = []
zeros n = 0 : zeros (n - 1)
pack :: [Thing] -> [Int] -> [Int]
pack [] row = row
pack (Thing w v : ts) row = pack ts (better row (shift' w v row))
shift' :: Int -> Int -> [Int] -> [Int]
shift' 0 v row = add v row
shift' w v row = 0 : shift' (w - 1) v row
add :: Int -> [Int] -> [Int]
add _ [] = []
add v (x:xs) = (v + x) : add v xs
better :: [Int] -> [Int] -> [Int]
better (x:xs) (y:ys) = best (max x y) xs ys
better _ _ = []
best :: Int -> [Int] -> [Int] -> [Int]
best !m xs ys = m : better xs ys
last' :: [Int] -> Int
last' [x] = x
last' (_:xs) = last' xs
last' [] = error "shape"
main = do { [s] <- getArgs; let { n = read s }; print (last' (pack (things n 3) (zeros (n * 50)))) }
