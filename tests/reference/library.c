#include "recursive.h"

const Shape SHAPES[] = {
    {'s', "\"\"", ""},   {'s', "String.cons", "ns"}, {'l', "[]", ""},    {'l', "List.cons", "nl"}, {'c', "Nil", ""},
    {'c', "Cons", "nc"}, {'t', "Leaf", ""},          {'t', "Tip", "n"},  {'t', "Node", "tnt"},     {'p', "Pair", "nn"},
    {'d', "Duo", "nc"},  {'m', "None", ""},          {'m', "Some", "n"}, {'a', "End", ""},         {'a', "Entry", "pa"},
    {'e', "Lit", "n"},   {'e', "Neg", "e"},          {'e', "Add", "ee"}, {'e', "Cond", "eee"},
};
const uint32_t SHAPE_COUNT = sizeof SHAPES / sizeof *SHAPES;

// Those without a result type are parts of others, or traps.
const Library LIBRARY[] = {
    {"Loop", "n", 0, "(Loop x) = (Loop (+ x 1))\n", ""},
    {"Hang", "", 0, "Hang = (Wait Hang)\n(Wait (Never x)) = x\n", ""},
    {"Deep", "n", 0, "(Deep n) = (+ 1 (Deep n))\n", ""},
    {"Bang", "n", 0, "(Bang n) = (/ n 0)\n", ""},
    {"Slow", "n", 0, "(Slow n) = (SlowIf (< n 1) n)\n(SlowIf 0 n) = (Slow (+ n 1))\n(SlowIf c n) = (Slow n)\n", ""},
    {"From", "n", 0, "(From n) = (Cons n (From (+ n 1)))\n", ""},
    {"Ones", "", 0, "Ones = (Cons 1 Ones)\n", ""},
    {"Iterate", "fn", 0, "(Iterate f x) = (Cons x (Iterate f (f x)))\n", ""},
    {"Fibs", "", 0, "Fibs = (Cons 1 (Cons 1 (Zip Fibs (Tail Fibs))))\n(Tail (Cons x xs)) = xs\n", "Zip"},
    {"Knot", "n", 0, "(Knot n) = (Weave n (Knot n))\n(Weave n k) = (Cons n (Cons (+ n 1) k))\n", ""},
    {"Tree", "n", 0, "(Tree n) = (Node (Tree (* n 2)) n (Tree (+ (* n 2) 1)))\n", ""},
    {"Take", "ki", 'c', "(Take 0 xs) = Nil\n(Take n Nil) = Nil\n(Take n (Cons x xs)) = (Cons x (Take (- n 1) xs))\n",
     ""},
    {"Drop", "ki", 0, "(Drop 0 xs) = xs\n(Drop n Nil) = Nil\n(Drop n (Cons x xs)) = (Drop (- n 1) xs)\n", ""},
    {"Nth", "ki", 'n', "(Nth n Nil) = 0\n(Nth 0 (Cons x xs)) = x\n(Nth n (Cons x xs)) = (Nth (- n 1) xs)\n", ""},
    {"Head", "i", 'n', "(Head (Cons x xs)) = x\n", ""},
    {"Len", "r", 'n', "(Len Nil) = 0\n(Len (Cons x xs)) = (+ 1 (Len xs))\n", ""},
    {"Size", "rn", 'n', "(Size Nil n) = n\n(Size (Cons x xs) n) = (Size xs (+ n 1))\n", ""},
    {"Sum", "c", 'n', "(Sum Nil) = 0\n(Sum (Cons x xs)) = (+ x (Sum xs))\n", ""},
    {"Total", "cn", 'n', "(Total Nil !a) = a\n(Total (Cons x xs) !a) = (Total xs (+ a x))\n", ""},
    {"Last", "rN", 'n', "(Last Nil a) = a\n(Last (Cons x xs) a) = (Last xs x)\n", ""},
    {"TotalTo", "kin", 'n',
     "(TotalTo 0 xs a) = a\n(TotalTo n Nil a) = a\n(TotalTo n (Cons x xs) a) = (TotalTo (- n 1) xs (+ a x))\n", ""},
    {"Append", "cc", 'c', "(Append Nil ys) = ys\n(Append (Cons x xs) ys) = (Cons x (Append xs ys))\n", ""},
    {"Reverse", "cc", 'c', "(Reverse Nil a) = a\n(Reverse (Cons x xs) a) = (Reverse xs (Cons x a))\n", ""},
    {"Range", "kn", 'c', "(Range 0 n) = Nil\n(Range k n) = (Cons n (Range (- k 1) (+ n 1)))\n", ""},
    {"Count", "kc", 'c', "(Count 0 xs) = xs\n(Count n xs) = (Count (- n 1) (Cons n xs))\n", ""},
    {"Zip", "cc", 'c', "(Zip (Cons x xs) (Cons y ys)) = (Cons (+ x y) (Zip xs ys))\n(Zip xs ys) = Nil\n", ""},
    {"Map", "fc", 'c', "(Map f Nil) = Nil\n(Map f (Cons x xs)) = (Cons (f x) (Map f xs))\n", ""},
    {"Filter", "fc", 'c',
     "(Filter p Nil) = Nil\n(Filter p (Cons x xs)) = (FilterIf (p x) x p xs)\n"
     "(FilterIf 0 x p xs) = (Filter p xs)\n(FilterIf c x p xs) = (Cons x (Filter p xs))\n",
     ""},
    {"Foldr", "gnc", 'n', "(Foldr f z Nil) = z\n(Foldr f z (Cons x xs)) = (f x (Foldr f z xs))\n", ""},
    {"Foldl", "gnc", 'n', "(Foldl f !z Nil) = z\n(Foldl f !z (Cons x xs)) = (Foldl f (f z x) xs)\n", ""},
    {"Fold", "gnc", 'n', "(Fold f z Nil) = z\n(Fold f z (Cons x xs)) = (Fold f (f z x) xs)\n", ""},
    {"Scan", "gni", 0, "(Scan f z (Cons x xs)) = (Cons z (Scan f (f z x) xs))\n", ""},
    {"First", "nN", 'n', "(First a b) = a\n", ""},
    {"Second", "Nn", 'n', "(Second a b) = b\n", ""},
    {"Choose", "nNN", 'n', "(Choose 0 a b) = b\n(Choose c a b) = a\n", ""},
    {"ChooseList", "nCC", 'c', "(ChooseList 0 a b) = b\n(ChooseList c a b) = a\n", ""},
    {"And", "nN", 'n', "(And 0 b) = 0\n(And a b) = (!= b 0)\n", ""},
    {"Or", "nN", 'n', "(Or 0 b) = (!= b 0)\n(Or a b) = 1\n", ""},
    {"Times", "nN", 'n', "(Times 0 b) = 0\n(Times a b) = (* a b)\n", ""},
    {"Max", "nn", 'n', "(Max a b) = (MaxIf (> a b) a b)\n(MaxIf 0 a b) = b\n(MaxIf c a b) = a\n", ""},
    {"Gcd", "nn", 'n', "(Gcd a 0) = a\n(Gcd a b) = (Gcd b (% a b))\n", ""},
    {"Even", "k", 'n', "(Even 0) = 1\n(Even n) = (Odd (- n 1))\n(Odd 0) = 0\n(Odd n) = (Even (- n 1))\n", ""},
    {"Turns", "kNn", 'n',
     "(Turns 0 a b) = b\n(Turns n a b) = (Turned (- n 1) b a)\n(Turned 0 a b) = a\n(Turned n a b) = (Turns (- n 1) b "
     "a)\n",
     ""},
    {"Fst", "p", 'n', "(Fst (Pair a b)) = a\n", ""},
    {"Snd", "p", 'n', "(Snd (Pair a b)) = b\n", ""},
    {"Swap", "p", 'p', "(Swap (Pair a b)) = (Pair b a)\n", ""},
    {"Unzip", "a", 'p',
     "(Unzip End) = (Pair 0 0)\n(Unzip (Entry (Pair k v) r)) = (UnzipGo k v (Unzip r))\n"
     "(UnzipGo k v (Pair a b)) = (Pair (+ k a) (+ v b))\n",
     ""},
    {"Find", "naN", 'n',
     "(Find k End d) = d\n(Find k (Entry (Pair q v) r) d) = (FindIf (== k q) k v r d)\n"
     "(FindIf 0 k v r d) = (Find k r d)\n(FindIf c k v r d) = v\n",
     ""},
    {"Get", "mN", 'n', "(Get None d) = d\n(Get (Some x) d) = x\n", ""},
    {"Leaves", "t", 'n', "(Leaves Leaf) = 0\n(Leaves (Tip x)) = 1\n(Leaves (Node l x r)) = (+ (Leaves l) (Leaves r))\n",
     ""},
    {"Grow", "kn", 't',
     "(Grow 0 x) = (Tip x)\n(Grow n x) = (Node (Grow (- n 1) (* x 2)) x (Grow (- n 1) (+ (* x 2) 1)))\n", ""},
    {"Prune", "kt", 't',
     "(Prune 0 t) = Leaf\n(Prune n (Node l x r)) = (Node (Prune (- n 1) l) x (Prune (- n 1) r))\n(Prune n t) = t\n",
     ""},
    {"Insert", "nt", 't',
     "(Insert x Leaf) = (Node Leaf x Leaf)\n(Insert x (Tip y)) = (Insert x (Node Leaf y Leaf))\n"
     "(Insert x (Node l y r)) = (InsertIf (< x y) x l y r)\n"
     "(InsertIf 0 x l y r) = (Node l y (Insert x r))\n(InsertIf c x l y r) = (Node (Insert x l) y r)\n",
     ""},
    {"Eval", "e", 'n',
     "(Eval (Lit n)) = n\n(Eval (Neg e)) = (- 0 (Eval e))\n(Eval (Add a b)) = (+ (Eval a) (Eval b))\n"
     "(Eval (Cond c a b)) = (EvalIf (Eval c) a b)\n(EvalIf 0 a b) = (Eval b)\n(EvalIf c a b) = (Eval a)\n",
     ""},
    {"Simplify", "e", 'e',
     "(Simplify (Add (Lit 0) e)) = (Simplify e)\n(Simplify (Neg (Neg e))) = (Simplify e)\n"
     "(Simplify (Cond (Lit 0) a b)) = (Simplify b)\n(Simplify (Add a b)) = (Add (Simplify a) (Simplify b))\n(Simplify "
     "e) = e\n",
     ""},
    {"Text", "kn", 's', "(Text 0 n) = \"\"\n(Text k n) = (String.cons (+ 97 (% n 26)) (Text (- k 1) (+ n 3)))\n", ""},
    {"Codes", "s", 'l', "(Codes \"\") = []\n(Codes (String.cons x xs)) = (List.cons x (Codes xs))\n", ""},
    {"Compose", "ff", 'f', "(Compose f g) = λx (f (g x))\n", ""},
    {"Adder", "n", 'f', "(Adder n) = λx (+ x n)\n", ""},
    {"Always", "N", 'f', "(Always n) = λx n\n", ""},
    {"Apply", "fN", 'n', "(Apply f x) = (f x)\n", ""},
    {"Repeat", "kfn", 'n', "(Repeat 0 f x) = x\n(Repeat n f x) = (Repeat (- n 1) f (f x))\n", ""},
    {"Church", "k", 0, "(Church 0) = λf λx x\n(Church n) = λf λx (f ((Church (- n 1)) f x))\n", ""},
    {"Flip", "g", 'g', "(Flip f) = λa λb (f b a)\n", ""},
    {"CountK", "kf", 'n',
     "(CountK n f) = ((CountTo n) f)\n(CountTo 0) = λk (k 1)\n(CountTo n) = λk ((CountTo (- n 1)) λa (k (+ a n)))\n",
     ""},
    {"WalkK", "tf", 'n',
     "(WalkK t f) = ((WalkTo t) f)\n(WalkTo Leaf) = λk (k 0)\n(WalkTo (Tip x)) = λk (k x)\n"
     "(WalkTo (Node l x r)) = λk ((WalkTo l) λa ((WalkTo r) λb (k (+ a (+ x b)))))\n",
     ""},
    {"LabelK", "tn", 'n',
     "(LabelK t s) = ((LabelTo t) s λx λs (+ (* x 3) s))\n(LabelTo Leaf) = λs λk (k 0 s)\n"
     "(LabelTo (Tip x)) = λs λk (k (+ x s) (+ s 1))\n"
     "(LabelTo (Node l x r)) = λs λk ((LabelTo l) s λa λt ((LabelTo r) t λb λu (k (+ a (+ b x)) u)))\n",
     ""},
    {"FindK", "cfn", 'n',
     "(FindK xs p d) = ((FindTo xs) p λx (+ x 1) λx d)\n(FindTo Nil) = λp λs λf (f 0)\n"
     "(FindTo (Cons x xs)) = λp λs λf (FoundTo (p x) x xs p s f)\n"
     "(FoundTo 0 x xs p s f) = ((FindTo xs) p s f)\n(FoundTo c x xs p s f) = (s x)\n",
     ""},
    {"Partial", "n", 'n', "(Partial 0) = 7\n(Partial (Some x)) = x\n", ""},
};
const uint32_t LIBRARY_COUNT = sizeof LIBRARY / sizeof *LIBRARY;
_Static_assert(sizeof LIBRARY / sizeof *LIBRARY <= NEED_SIZE, "every library function has a flag");
