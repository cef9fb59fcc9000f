import { spawnSync } from "node:child_process";
import { runCommand } from "../../../operations/commandLine.ts";
import { UserError } from "../../../components/messages/userError.ts";

const usage = `Runs the provider's end-to-end tests against a Quay of your own: npm run test:quay

  node test/e2e/quay/run.ts

  --help   this text

Takes QUAY_URL, its address; QUAY_TOKEN, a token for its API; QUAY_NAMESPACE, the token's user.`;

await runCommand({ usage, options: {} }, () => {
    const missing = ["QUAY_URL", "QUAY_TOKEN", "QUAY_NAMESPACE"].filter(
        (name) => !process.env[name],
    );
    if (missing.length > 0) {
        throw new UserError(
            `Set ${missing.join(", ")}: the Quay's address, a token for its API, and the user whom the token belongs to.`,
        );
    }
    const mocha = ["--no-config", "--extension", "ts", "--timeout", "600000"];
    const tests = "test/e2e/quay/*.test.ts";
    const { status } = spawnSync("node_modules/.bin/mocha", [...mocha, tests], {
        stdio: "inherit",
    });
    process.exitCode = status ?? 1;
});
