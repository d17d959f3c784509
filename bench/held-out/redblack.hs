{-# LANGUAGE BangPatterns #-}
import System.Environment
import Data.Bits
data Color = Red | Black
data Tree = Leaf | Node Color Tree Int Tree
rand :: Int -> Int
rand s = (s * 1664525 + 1013904223) .&. 0xFFFFFFFF
insert :: Int -> Tree -> Tree
insert x t = blacken (ins x t)
blacken :: Tree -> Tree
blacken (Node _ l x r) = Node Black l x r
blacken Leaf = error "shape"
ins :: Int -> Tree -> Tree
ins x Leaf = Node Red Leaf x Leaf
ins x (Node c l y r) | x < y = balance c (ins x l) y r
                     | x > y = balance c l y (ins x r)
                     | otherwise = Node c l y r
balance :: Color -> Tree -> Int -> Tree -> Tree
balance Black (Node Red (Node Red a x b) y c) z d = Node Red (Node Black a x b) y (Node Black c z d)
balance Black (Node Red a x (Node Red b y c)) z d = Node Red (Node Black a x b) y (Node Black c z d)
balance Black a x (Node Red (Node Red b y c) z d) = Node Red (Node Black a x b) y (Node Black c z d)
balance Black a x (Node Red b y (Node Red c z d)) = Node Red (Node Black a x b) y (Node Black c z d)
balance c a x b = Node c a x b
fill :: Int -> Int -> Tree -> Tree
fill 0 !_ !t = t
fill n !s !t = fill (n - 1) (rand s) (insert ((s `unsafeShiftR` 8) .&. 0xFFFF) t)
has :: Int -> Tree -> Int
has _ Leaf = 0
has x (Node _ l y r) | x < y = has x l
                     | x > y = has x r
                     | otherwise = 1
found :: Int -> Int -> Tree -> Int -> Int
found 0 _ _ !k = k
found n !s t !k = found (n - 1) (rand s) t (k + has ((s `unsafeShiftR` 8) .&. 0xFFFF) t)
hash :: Tree -> Int
hash Leaf = 1
hash (Node c l x r) = (((hash l * 31) `xor` (x * hue c)) + hash r * 17) .&. 0xFFFFFFF
hue :: Color -> Int
hue Red = 5
hue Black = 7
run :: Tree -> Int -> Int
run t n = hash t + found n 99 t 0
main = do { [s] <- getArgs; let { n = read s }; print (run (fill n 777 Leaf) n) }
