{-# LANGUAGE BangPatterns #-}
import System.Environment
data Body = Body Double Double
orbit :: Int -> Double -> Double -> Double -> Double -> Double -> Double
orbit 0 !_ !_ !_ !_ !k = k
orbit n !x !y !vx !vy !k = kick n x y vx vy (0.002 / (x * x + y * y)) k
kick, cross :: Int -> Double -> Double -> Double -> Double -> Double -> Double -> Double
kick n x y vx vy !f k = move n x y (vx - f * x) (vy - f * y) k
move :: Int -> Double -> Double -> Double -> Double -> Double -> Double
move n x y !vx !vy k = cross n y (x + 0.002 * vx) (y + 0.002 * vy) vx vy k
cross n y0 !x !y vx vy k = orbit (n - 1) x y vx vy (k + (if y0 < 0 && y >= 0 then 1 else 0))
bodies :: [Body] -> Int -> Double -> Double
bodies [] _ !k = k
bodies (Body x v : bs) n !k = bodies bs n (orbit n x 0 0 v k)
main = do { [s] <- getArgs; print (bodies [Body 1.0 1.0, Body 0.7 1.2, Body 2.0 0.5, Body 1.5 1.3] (read s) 0) }
