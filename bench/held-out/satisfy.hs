{-# LANGUAGE BangPatterns #-}
import System.Environment
import Data.Bits
rand :: Int -> Int
rand s = (s * 1664525 + 1013904223) .&. 0xFFFFFFFF
literal :: Int -> Int -> Int
literal s n = ((s `unsafeShiftR` 8) `rem` n) * 2 + ((s `unsafeShiftR` 30) .&. 1)
clauses :: Int -> Int -> Int -> [[Int]]
clauses 0 _ _ = []
clauses m n !s = [literal s n, literal t n, literal u n] : clauses (m - 1) n (rand u)
  where { t = rand s; u = rand t }
ways :: [[Int]] -> Int -> Int
ways [] v = 1 `unsafeShiftL` v
ways cs v | hopeless cs = 0
          | otherwise = ways (assign ((v - 1) * 2) cs) (v - 1) + ways (assign ((v - 1) * 2 + 1) cs) (v - 1)
hopeless :: [[Int]] -> Bool
hopeless [] = False
hopeless ([]:_) = True
hopeless (_:cs) = hopeless cs
assign :: Int -> [[Int]] -> [[Int]]
assign _ [] = []
assign l (c:cs) | has l c = assign l cs
                | otherwise = without (l `xor` 1) c : assign l cs
has :: Int -> [Int] -> Bool
has _ [] = False
has l (m:ms) = if l == m then True else has l ms
without :: Int -> [Int] -> [Int]
without _ [] = []
without l (m:ms) = if l == m then without l ms else m : without l ms
main = do { [s] <- getArgs; let { n = read s }; print (ways (clauses (n * 3) n 2024) n) }
