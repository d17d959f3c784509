{-# LANGUAGE BangPatterns #-}
import System.Environment
import Data.Bits
import Data.Char
rand :: Int -> Int
rand s = (s * 1664525 + 1013904223) .&. 0xFFFFFFFF
text :: Int -> Int -> String
text 0 _ = []
text n !s = (if (s `unsafeShiftR` 20) .&. 7 == 0 then 'b' else 'a') : text (n - 1) (rand s)
encode :: String -> String
encode [] = []
encode (c:cs) = run c 1 cs
run :: Char -> Int -> String -> String
run c !n [] = c : number n []
run c !n (d:ds) | c == d = run c (n + 1) ds
                | otherwise = c : number n (run d 1 ds)
number :: Int -> String -> String
number n rest | n < 10 = chr (48 + n) : rest
              | otherwise = number (n `quot` 10) (chr (48 + n `rem` 10) : rest)
decode :: String -> String
decode [] = []
decode (c:cs) = len c 0 cs
len :: Char -> Int -> String -> String
len c !n [] = rep n c []
len c !n (d:ds) | d <= '9' = len c (n * 10 + (ord d - 48)) ds
                | otherwise = rep n c (len d 0 ds)
rep :: Int -> Char -> String -> String
rep 0 _ rest = rest
rep n c rest = c : rep (n - 1) c rest
hash :: Int -> String -> Int
hash !h [] = h
hash !h (c:cs) = hash ((h * 31 + ord c) `rem` 1000000007) cs
both :: String -> Int
both code = hash 7 (decode code) + hash 3 code
main = do { [s] <- getArgs; print (both (encode (text (read s) 1))) }
