/**
 * Runs all suites, one after the other, and prints their output as it comes. At the end are the
 * titles of the tests that failed. The last line is `N passed, N failed`.
 */
import { spawn } from "node:child_process";
import { basename } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { runCommand } from "../operations/commandLine.ts";

interface Suite {
    readonly name: string;
    readonly command: string;
}

interface Count {
    passed: number;
    failed: number;
}

interface Outcome extends Count {
    /** The titles of the tests that failed. */
    readonly failures: readonly string[];
}

/**
 * Tests and lints the Python code in the service's own image, in the test stage of its Dockerfile.
 */
const inImage = (folder: string): string => {
    const image = `mlops-test-${basename(folder)}-${String(process.pid)}`;
    return [
        `trap "docker rmi ${image} >/dev/null" EXIT; docker build --quiet --build-arg MLOPS_BASE_IMAGE --target test --tag ${image} ${folder}`,
        `docker run --rm ${image}`,
        `docker run --rm --entrypoint ruff ${image} check --no-cache .`,
    ].join(" && ");
};

const suites: Suite[] = [
    { name: "types", command: "tsc" },
    { name: "lint", command: "eslint ." },
    { name: "format", command: "prettier --check --log-level warn ." },
    { name: "unit", command: "npm run --silent test:unit" },
    { name: "integration", command: "npm run --silent test:integration" },
    { name: "service", command: inImage("service") },
    { name: "identity", command: inImage("components/identity") },
    { name: "end to end", command: "npm run --silent test:e2e" },
];

/**
 * Parses the counts in the last lines of mocha ("  3 passing") or pytest ("=== 1 failed, 3 passed
 * in 2 s ==="). A suite without counts is one test.
 */
function countsIn(output: string, exitCode: number): Count {
    const closing = [
        ...output.matchAll(
            /^ {2}\d+ (?:passing|failing).*$|^=+ .*\d+ (?:passed|failed|errors?)\b.* =+$/gm,
        ),
    ].join("\n");
    const sum = (pattern: RegExp): number =>
        [...closing.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
    const passed = sum(/(\d+) (?:passing|passed)/g);
    const failed = sum(/(\d+) (?:failing|failed|errors?)/g);
    if (exitCode === 0) return { passed: Math.max(passed, 1), failed };
    return { passed, failed: Math.max(failed, 1) };
}

/** Returns the titles in the list of failures at the end of mocha's output. */
function failuresIn(output: string): string[] {
    const [, list = ""] = output.split(/^ {2}\d+ failing$/m);
    return [...list.matchAll(/^ {2}\d+\) ([^]+?):\n/gm)].map(([, title = ""]) =>
        title.replaceAll(/\n\s+/g, " › "),
    );
}

async function run({ name, command }: Suite): Promise<Outcome> {
    console.log(`\n── ${name}: ${command}`);
    const started = Date.now();
    const path = `node_modules/.bin:${process.env["PATH"] ?? ""}`;
    const child = spawn("bash", ["-c", command], {
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, PATH: path, DOCKER_BUILDKIT: "1" },
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
        process.stdout.write(text);
        output += text;
    });
    const exitCode = await new Promise<number>((resolve) =>
        child.once("close", (code) => {
            resolve(code ?? 1);
        }),
    );
    const plain = stripVTControlCharacters(output);
    const count = countsIn(plain, exitCode);
    console.log(
        `── ${name}: ${String(count.passed)} passed, ${String(count.failed)} failed in ${((Date.now() - started) / 1000).toFixed(0)} s`,
    );
    const titles = failuresIn(plain);
    // Only mocha prints titles.
    const isUntitled = count.failed > 0 && titles.length === 0;
    return { ...count, failures: isUntitled ? ["see its output above"] : titles };
}

const usage = `Runs every suite, one after the other. Ends with the titles of the tests that failed,
and one line: N passed, N failed.

  node test/run.ts

  --help   this text

The suites: ${suites.map(({ name }) => name).join(", ")}.`;

await runCommand({ usage, options: {} }, async () => {
    const total: Count = { passed: 0, failed: 0 };
    const allFailures: string[] = [];
    for (const suite of suites) {
        const { passed, failed, failures } = await run(suite);
        total.passed += passed;
        total.failed += failed;
        allFailures.push(...failures.map((title) => `    ${suite.name}: ${title}`));
    }
    if (allFailures.length > 0) console.log(["\nFailed:", ...allFailures].join("\n"));
    console.log(`\n${String(total.passed)} passed, ${String(total.failed)} failed`);
    process.exitCode = total.failed === 0 ? 0 : 1;
});
