{-# LANGUAGE BangPatterns #-}
import System.Environment
import Data.Bits
rand :: Int -> Int
rand s = (s * 1664525 + 1013904223) .&. 0xFFFFFFFF
grid :: Int -> Int -> Int -> [[Int]]
grid 0 _ _ = []
grid i n !s = line n (s `xor` (i * 7919)) : grid (i - 1) n (rand s)
line :: Int -> Int -> [Int]
line 0 _ = []
line j !s = ((s `unsafeShiftR` 16) .&. 1) : line (j - 1) (rand s)
blank :: [Int] -> [Int]
blank [] = []
blank (_:xs) = 0 : blank xs
next :: [[Int]] -> [[Int]]
next (row:below) = rows (blank row) row below
next [] = []
rows :: [Int] -> [Int] -> [[Int]] -> [[Int]]
rows above row [] = [cells 0 (sums above row (blank row)) row]
rows above row (below:rest) = cells 0 (sums above row below) row : rows row below rest
sums :: [Int] -> [Int] -> [Int] -> [Int]
sums (a:as) (b:bs) (c:cs) = (a + (b + c)) : sums as bs cs
sums _ _ _ = []
cells :: Int -> [Int] -> [Int] -> [Int]
cells l [s] (x:_) = [cell x (l + s)]
cells l (s:ss@(r:_)) (x:xs) = cell x (l + (s + r)) : cells s ss xs
cells _ _ _ = []
cell :: Int -> Int -> Int
cell 0 n = if n == 3 then 1 else 0
cell _ n = if n == 3 || n == 4 then 1 else 0
count :: [[Int]] -> Int -> Int
count [] !k = k
count (row:rest) !k = count rest (countLine row k)
countLine :: [Int] -> Int -> Int
countLine [] !k = k
countLine (x:xs) !k = countLine xs (k + x)
loop :: Int -> [[Int]] -> Int -> Int
loop 0 _ !h = h
loop n g !h = loop (n - 1) (next g) ((h * 31 + count g 0) `rem` 1000000007)
main = do { [s] <- getArgs; let { n = read s }; print (loop n (grid n n 42) 0) }
