{-# LANGUAGE BangPatterns #-}
import System.Environment
data Tree = Leaf Int | Node Tree Tree
tree :: Int -> Int -> Tree
tree 0 x = Leaf x
tree d x = Node (tree (d - 1) (x * 2)) (tree (d - 1) (x * 2 + 1))
append :: ([Int] -> [Int]) -> ([Int] -> [Int]) -> [Int] -> [Int]
append f g = \k -> f (g k)
single :: Int -> [Int] -> [Int]
single x = \k -> x : k
leaves :: Tree -> [Int] -> [Int]
leaves (Leaf x) = single x
leaves (Node l r) = append (leaves l) (leaves r)
mapL :: (a -> b) -> [a] -> [b]
mapL _ [] = []
mapL f (x:xs) = f x : mapL f xs
filterL :: (a -> Bool) -> [a] -> [a]
filterL _ [] = []
filterL p (x:xs) = if p x then x : filterL p xs else filterL p xs
foldL :: (b -> a -> b) -> b -> [a] -> b
foldL _ !z [] = z
foldL f !z (x:xs) = foldL f (f z x) xs
part :: Int -> Int -> Int
part n k = foldL (\a x -> (a * 3 + x) `rem` 1000003) k (filterL (\x -> (x + k) `rem` 3 /= 0) (mapL (\x -> x * x + k) (leaves (tree n 1) [])))
loop :: Int -> Int -> Int -> Int
loop 0 _ !a = a
loop k n !a = loop (k - 1) n ((a * 7 + part n k) `rem` 1000003)
main = do { [s] <- getArgs; print (loop 20 (read s) 0) }
