#include "builtin.h"

const BuiltinHelp BUILTIN_HELP[NAME_BUILTIN_COUNT] = {
    [NAME_STRING_CONS] = {"(String.cons character string)",
                          "A string: its first character, a code point, and the rest. \"text\" is made of these."},
    [NAME_STRING_NIL] = {"String.nil", "The empty string, which is also written \"\"."},
    [NAME_LIST_CONS] = {"(List.cons item list)", "A list: its first item and the rest. [a, b] is made of these."},
    [NAME_LIST_NIL] = {"List.nil", "The empty list, which is also written []."},
    [NAME_BOTH] = {"(Both a b)", "A pair; what U60.swap gives."},
    [NAME_U60_IF] = {"(U60.if condition then else)",
                     "`then` when the condition is not 0, else `else`. Only the one that is chosen is reduced."},
    [NAME_U60_SWAP] = {"(U60.swap condition a b)", "(Both a b) when the condition is 0, else (Both b a)."},
    [NAME_LOG] = {"(HVM.log term next)", "Normalises the term, writes it as one line, and is `next`."},
    [NAME_PRINT] = {"(HVM.print string next)", "Writes the string and the end of the line, and is `next`."},
    [NAME_QUERY] = {"(HVM.query next)",
                    "Reads one line of standard input as a string s, and is (next s). At the end of input s is \"\"."},
    [NAME_STORE] = {"(HVM.store path string next)",
                    "Writes the string to the file, and is `next`. If that fails, the run ends with an error."},
    [NAME_LOAD] = {"(HVM.load path next)",
                   "Reads the file as a string s, and is (next s). If that fails, the run ends with an error."},
    [NAME_SLEEP] = {"(HVM.sleep nanoseconds next)", "Waits, and is `next`."},
    [NAME_SPARK] =
        {"(HVM.spark term next)",
         "Is `next`. An idle thread may reduce the term meanwhile, to weak head normal form: a variable that "
         "`next` uses as well. It never changes the result."},
};
