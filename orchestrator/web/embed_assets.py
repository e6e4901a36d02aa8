"""embed_assets.py OUT.cpp FILE…: the files as arrays in C++, by name."""

import pathlib
import sys

out, files = pathlib.Path(sys.argv[1]), [pathlib.Path(f) for f in sys.argv[2:]]
text = ['#include "orchestrator/web/assets.h"', "namespace sluice::web {", "namespace {"]
for i, file in enumerate(files):
    data = file.read_bytes()
    rows = (",".join(map(str, data[at:at + 64])) for at in range(0, len(data), 64))
    text.append(f"const unsigned char kFile{i}[] = {{" + ",\n".join(rows) + "};")
text.append("}  // namespace")
text.append("std::vector<Asset> assets() {\n  return {")
for i, file in enumerate(files):
    text.append(f'    {{"{file.name}", {{reinterpret_cast<const char*>(kFile{i}), sizeof kFile{i}}}}},')
text.append("  };\n}\n}  // namespace sluice::web\n")
out.write_text("\n".join(text))
