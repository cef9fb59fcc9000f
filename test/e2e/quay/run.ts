import { spawnSync } from "node:child_process";

// `npm run test:quay`: the provider's end-to-end tests against the Quay that the environment names.
const missing = ["QUAY_URL", "QUAY_TOKEN", "QUAY_NAMESPACE"].filter((name) => !process.env[name]);
if (missing.length > 0) {
    process.stderr.write(
        `Set ${missing.join(", ")}: the Quay's address, a token for its API, and the user whom the token belongs to.\n`,
    );
    process.exitCode = 1;
} else {
    const mocha = ["--no-config", "--extension", "ts", "--timeout", "600000"];
    const tests = "test/e2e/quay/*.test.ts";
    const { status } = spawnSync("node_modules/.bin/mocha", [...mocha, tests], {
        stdio: "inherit",
    });
    process.exitCode = status ?? 1;
}
