// npm run package: builds lib into the npm package headgate, and packs it. Nothing is published.
import { join, relative } from "node:path";
import { buildPackage } from "./build.ts";
import { packFolder, sizesOf } from "./pack.ts";

const root = join(import.meta.dirname, "..", "..");
const dist = join(root, "dist", "package");
const folder = join(dist, "headgate");

await buildPackage(root, folder);
const { file, bytes, files } = packFolder(folder, dist);
console.log(sizesOf(folder));
console.log(`\npackage  ${relative(root, file)}, ${bytes} bytes, ${files} files`);
