{-# LANGUAGE BangPatterns #-}
import System.Environment
import Data.Bits
import Data.Char
rand :: Int -> Int
rand s = (s * 1664525 + 1013904223) .&. 0xFFFFFFFF
text :: Int -> Int -> String
text 0 _ = []
text n !s = chr (97 + ((s `unsafeShiftR` 16) .&. 3)) : text (n - 1) (rand s)
count :: Int -> String -> [Int]
count i [] = [i]
count i (_:xs) = i : count (i + 1) xs
rows :: String -> String -> [Int] -> [Int]
rows (x:xs) ys (d:us) = rows xs ys (row x ys d us (d + 1))
rows _ _ r = r
row :: Char -> String -> Int -> [Int] -> Int -> [Int]
row x (y:ys) d (u:us) !l = l : row x ys u us (min (min l u + 1) (d + (if x /= y then 1 else 0)))
row _ _ _ _ !l = [l]
last' :: [Int] -> Int
last' [x] = x
last' (_:xs) = last' xs
last' [] = error "shape"
distance :: String -> String -> Int
distance xs ys = last' (rows xs ys (count 0 ys))
main = do { [s] <- getArgs; let { n = read s }; print (distance (text n 1) (text n 2)) }
