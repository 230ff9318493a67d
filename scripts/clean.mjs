// Removes what was built, so that a build holds nothing of an older one. The builders themselves remove nothing: a
// page that is served goes on while it is built anew.
//
//   node scripts/clean.mjs

import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

rmSync(fileURLToPath(new URL("../dist/", import.meta.url)), { recursive: true, force: true });
