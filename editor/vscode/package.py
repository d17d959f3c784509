#!/usr/bin/env python3
"""package.py [FILE.vsix]: the extension as a package that `code --install-extension` takes. npm fetches what it needs."""
import json, os, subprocess, sys, zipfile
from xml.sax.saxutils import quoteattr, escape

HERE = os.path.dirname(os.path.abspath(__file__))
OWN = ["package.json", "extension.js", "language-configuration.json", "syntaxes/hvm.tmLanguage.json", "README.md"]
TYPES = {"json": "application/json", "js": "application/javascript", "md": "text/markdown", "vsixmanifest": "text/xml"}


def modules():
    subprocess.run(["npm", "ci", "--omit=dev", "--ignore-scripts", "--silent", "--no-audit", "--no-fund"], cwd=HERE, check=True)
    for folder, _, files in sorted(os.walk(os.path.join(HERE, "node_modules"))):
        for file in sorted(files):
            path = os.path.relpath(os.path.join(folder, file), HERE)
            if path.endswith((".js", ".json")) or file.lower().startswith("license"):
                yield path


def main():
    with open(os.path.join(HERE, "package.json"), encoding="utf-8") as file:
        about = json.load(file)
    target = sys.argv[1] if len(sys.argv) > 1 else "hvm-%s.vsix" % about["version"]
    names = OWN + list(modules())
    manifest = """<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id=%s Version=%s Publisher=%s/>
    <DisplayName>%s</DisplayName>
    <Description xml:space="preserve">%s</Description>
    <Categories>%s</Categories>
    <Properties>
      <Property Id="Microsoft.VisualStudio.Code.Engine" Value=%s/>
    </Properties>
  </Metadata>
  <Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
  <Dependencies/>
  <Assets>
    <Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.Details" Path="extension/README.md" Addressable="true"/>
  </Assets>
</PackageManifest>
""" % (*map(quoteattr, (about["name"], about["version"], about["publisher"])), escape(about["displayName"]),
       escape(about["description"]), ",".join(about["categories"]), quoteattr(about["engines"]["vscode"]))
    ends = sorted({name.rsplit(".", 1)[1] for name in names if "." in os.path.basename(name)} | {"vsixmanifest"})
    types = '<?xml version="1.0" encoding="utf-8"?>\n<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">%s%s</Types>\n' % (
        "".join('<Default Extension=%s ContentType=%s/>' % (quoteattr("." + end), quoteattr(TYPES.get(end, "text/plain"))) for end in ends),
        "".join('<Override PartName=%s ContentType="text/plain"/>' % quoteattr("/extension/" + name) for name in names if "." not in os.path.basename(name)))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", types)
        package.writestr("extension.vsixmanifest", manifest)
        for name in names:
            package.write(os.path.join(HERE, name), "extension/" + name)
    print(target)


main()
