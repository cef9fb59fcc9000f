import { runCommand, UsageError } from "../../operations/commandLine.ts";
import { fail } from "../fail.ts";
import { startGitHub } from "./server.ts";

const help = `Starts a GitHub on this machine for experiments: its REST API.
Its data is lost when it ends.

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
    const token = github.createToken({ user });
    process.stdout.write(`GitHub runs at ${github.url}

  Account:     ${user}
  Repository:  ${user}/${repository}
  Token:       acts as ${user}, with the scopes repo and workflow

  export GITHUB_BASE_URL=${github.baseUrl}
  export GITHUB_OWNER=${user}
  export GITHUB_TOKEN=${token}

  curl -H "Authorization: Bearer $GITHUB_TOKEN" \${GITHUB_BASE_URL}repos/${user}/${repository}

  ${github.url}/_standin/requests   all requests so far
  ${github.url}/_standin/state      the whole state, secrets included
  ${github.url}/_standin/unknown    the requests that it could not answer as GitHub would

Press Ctrl-C to stop it and remove all data.
`);
}
