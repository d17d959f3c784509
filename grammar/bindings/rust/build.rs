fn main() {
    let files = ["src/parser.c", "src/scanner.c"];
    cc::Build::new().std("c11").include("src").files(files).warnings(false).compile("tree-sitter-hvm");
    for file in files {
        println!("cargo:rerun-if-changed={file}");
    }
}
