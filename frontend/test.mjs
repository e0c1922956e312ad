// Bundle the tests of test/ into a temporary folder and run them; the browser's part is tested from Python.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const outdir = mkdtempSync(join(tmpdir(), "pbx-frontend-"));
try {
  const tests = readdirSync(join(here, "test")).filter((file) => file.endsWith(".test.ts"));
  await build({
    absWorkingDir: here,
    entryPoints: tests.map((file) => `test/${file}`),
    outdir,
    bundle: true,
    format: "esm",
    platform: "node",
    outExtension: { ".js": ".mjs" },
  });
  const files = tests.map((file) => join(outdir, file.replace(/\.ts$/, ".mjs")));
  process.exitCode = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" }).status ?? 1;
} finally {
  rmSync(outdir, { recursive: true });
}
