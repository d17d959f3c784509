from setuptools import Extension, setup

setup(
    packages=["tree_sitter_hvm"],
    package_dir={"": "bindings/python"},
    package_data={"tree_sitter_hvm": ["*.pyi", "py.typed"]},
    ext_package="tree_sitter_hvm",
    ext_modules=[
        Extension(
            name="_binding",
            sources=["bindings/python/tree_sitter_hvm/binding.c", "src/parser.c", "src/scanner.c"],
            include_dirs=["src"],
            define_macros=[("Py_LIMITED_API", "0x03080000")],
            py_limited_api=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp38"}},
)
