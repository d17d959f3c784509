#include <Python.h>

typedef struct TSLanguage TSLanguage;
const TSLanguage *tree_sitter_hvm(void);

static PyObject *language(PyObject *self, PyObject *arguments) {
  (void)self, (void)arguments;
  return PyCapsule_New((void *)tree_sitter_hvm(), "tree_sitter.Language", NULL);
}

static PyMethodDef methods[] = {{"language", language, METH_NOARGS, "The language, for tree_sitter.Language."}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "_binding", .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC PyInit__binding(void) { return PyModule_Create(&module); }
