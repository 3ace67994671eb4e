// Checks every statement: Neo4j's own linter has nothing to say, and it is formatted as Neo4j's formatter does it.
//
//   node check.js [--write] [FOLDER]     --write formats the files instead of complaining
//
// What was found to be right is remembered in node_modules/, by its content, because the linter is slow.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";

const here = fileURLToPath(new URL(".", import.meta.url));
const options = { maxColumn: 120 };

/** What is wrong with the statement in a file, as lines; `write` puts the formatted text in its place. */
async function complaints(file, text, write) {
  const { formatQuery, lintCypherQuery } = await import("@neo4j-cypher/language-support");
  const named = [...text.matchAll(/\$(\w+)/g)].map((match) => [match[1], null]);
  const found = lintCypherQuery(text, { parameters: Object.fromEntries(named) }).diagnostics.map(
    ({ message, range }) => `${file}:${range.start.line + 1}:${range.start.character + 1}: ${message}`,
  );
  if (found.length) return found;
  const formatted = formatQuery(text, options).formattedQuery.trimEnd() + "\n";
  if (formatted !== text && write) writeFileSync(file, formatted);
  return formatted === text || write ? [] : [`${file}: is not formatted; \`make format\` does it`];
}

function remembered(file) {
  try {
    return new Set(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return new Set();
  }
}

/** Check all files of a folder, as many at once as there are processors; the exit status. */
async function main(folder, write) {
  const cache = join(here, "node_modules", ".cache", "checked.json");
  const known = remembered(cache);
  const lock = readFileSync(join(here, "package-lock.json"), "utf8");
  const files = readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(".cypher"))
    .sort()
    .map((name) => join(folder, name))
    .map((file) => ({ file, text: readFileSync(file, "utf8") }))
    .map((one) => ({ ...one, key: createHash("sha256").update(lock).update(one.text).digest("hex") }));
  const waiting = files.filter(({ key }) => !known.has(key)).reverse();
  const lines = [];
  const right = [];
  const next = (worker) => {
    const job = waiting.pop();
    worker.job = job;
    worker.postMessage(job ?? null);
  };
  const count = Math.min(availableParallelism(), waiting.length);
  await Promise.all(
    Array.from({ length: count }, () => {
      const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { write } });
      return new Promise((resolve, reject) => {
        worker.on("message", (found) => {
          lines.push(...found);
          if (!found.length && !write) right.push(worker.job.key);
          next(worker);
        });
        worker.on("error", reject);
        worker.on("exit", resolve);
        next(worker);
      });
    }),
  );
  mkdirSync(join(cache, ".."), { recursive: true });
  const kept = files.map(({ key }) => key).filter((key) => known.has(key) || right.includes(key));
  writeFileSync(cache, JSON.stringify(kept));
  lines.sort().forEach((line) => console.error(line));
  console.log(lines.length ? `${lines.length} complaints about Cypher` : `${files.length} Cypher files are in order`);
  return lines.length ? 1 : 0;
}

if (isMainThread) {
  const folder = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
  process.exitCode = await main(folder ?? join(here, "..", "..", "cypher"), process.argv.includes("--write"));
} else {
  parentPort.on("message", async (job) => {
    if (job === null) return parentPort.close();
    try {
      parentPort.postMessage(await complaints(job.file, job.text, workerData.write));
    } catch (error) {
      parentPort.postMessage([`${job.file}: ${error.message}`]);
    }
  });
}
