// Bundle src/ into the folder that the integration serves; `--check` only says whether that is up to date.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "custom_components", "pbx", "www");

/** Return the names of the scripts in a folder, in order. */
function scripts(folder) {
  return existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".js")).sort() : [];
}

/** Return a digest of what the bundle is made of, which also a machine without Node can work out. */
function digest() {
  const sources = readdirSync(join(here, "src")).filter((file) => file.endsWith(".ts"));
  const files = [...sources.map((file) => `src/${file}`), "build.mjs", "package-lock.json", "tsconfig.json"].sort();
  const total = createHash("sha256");
  for (const file of files) total.update(`${file}\0`).update(readFileSync(join(here, file))).update("\0");
  return total.digest("hex");
}

/** Write styles as short as they can be: what is between rules and values is for people. */
const shortStyles = {
  name: "short styles",
  setup: ({ onLoad }) =>
    onLoad({ filter: /src\/[^/]+\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(/css`[^`]*`/g, (style) => style.replace(/\s*([\s{};,])\s*/g, "$1")),
      loader: "ts",
    })),
};

const result = await build({
  absWorkingDir: here,
  entryPoints: { pbx: "src/main.ts" },
  outdir: target,
  write: false,
  bundle: true,
  // The names of the parts are made of paths: those of a linked node_modules are not to differ.
  preserveSymlinks: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  chunkNames: "[name]-[hash]",
  plugins: [shortStyles],
});
const built = new Map(
  result.outputFiles.map((file) => {
    const name = file.path.slice(target.length + 1);
    return [name, name === "pbx.js" ? `// sources sha256:${digest()}\n${file.text}` : file.text];
  }),
);
const same =
  scripts(target).join() === [...built.keys()].sort().join() &&
  [...built].every(([name, text]) => readFileSync(join(target, name), "utf8") === text);

if (process.argv.includes("--check")) {
  if (!same) {
    console.error("custom_components/pbx/www is not what frontend/src builds to: run npm run build in frontend/");
    process.exitCode = 1;
  }
} else if (!same) {
  mkdirSync(target, { recursive: true });
  for (const name of scripts(target)) rmSync(join(target, name));
  for (const [name, text] of built) writeFileSync(join(target, name), text);
}
