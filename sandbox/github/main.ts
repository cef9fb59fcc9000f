import { runCommand, UsageError } from "../../operations/commandLine.ts";
import { startGitHub } from "./server.ts";

const help = `A GitHub to try things out with: its REST API on this machine, forgotten when it ends.

Usage: npm run github -- [--port PORT]

  --port PORT   the port to listen on (default: a free one)
  --help        this text
`;

const user = "demo";
const repository = "service";

await runCommand({ usage: help, options: { port: { type: "string" } } }, ({ port = "0" }) => {
    if (!/^\d{1,5}$/.test(port)) throw new UsageError(`--port: "${port}" is not a port.`);
    return run(Number(port)).catch(fail);
});

async function run(port: number): Promise<void> {
    const github = await startGitHub({ port });
    for (const signal of ["SIGINT", "SIGTERM"] as const)
        process.once(signal, () => void github.stop());
    github.createUser(user, { plan: "enterprise" });
    github.createRepository({ owner: user, name: repository });
    process.stdout
        .write(`GitHub is at ${github.url}, with the account ${user} and its repository ${repository}.

  export GITHUB_BASE_URL=${github.baseUrl}
  export GITHUB_OWNER=${user}
  export GITHUB_TOKEN=${github.createToken({ user })}   # acts as ${user}, with the scopes repo and workflow

  curl -H "Authorization: Bearer $GITHUB_TOKEN" \${GITHUB_BASE_URL}repos/${user}/${repository}

  ${github.url}/_standin/requests   every request so far
  ${github.url}/_standin/state      all that it knows, secrets included
  ${github.url}/_standin/unknown    what it could not answer as GitHub would

Ctrl-C ends it and removes everything.
`);
}

function fail(error: unknown): void {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
}
