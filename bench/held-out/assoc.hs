{-# LANGUAGE BangPatterns #-}
import System.Environment
import Data.Bits
data Entry = Entry Int Int
rand :: Int -> Int
rand s = (s * 1664525 + 1013904223) .&. 0xFFFFFFFF
entries :: Int -> [Entry]
entries 0 = []
entries n = Entry (n * 2) (n * n) : entries (n - 1)
lookup' :: Int -> [Entry] -> Maybe Int
lookup' _ [] = Nothing
lookup' k (Entry j v : es) = if k == j then Just v else lookup' k es
or' :: Maybe Int -> Int -> Int
or' Nothing d = d
or' (Just v) _ = v
loop :: Int -> Int -> [Entry] -> Int -> Int
loop 0 _ _ !h = h
loop n !s es !h = loop (n - 1) (rand s) es ((h * 3 + or' (lookup' ((s `unsafeShiftR` 8) `rem` 400) es) 1) `rem` 1000003)
main = do { [s] <- getArgs; print (loop (read s) 5 (entries 200) 0) }
