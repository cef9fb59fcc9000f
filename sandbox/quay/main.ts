import { runCommand, UsageError } from "../../operations/commandLine.ts";
import { fail } from "../fail.ts";
import { startQuay } from "./server.ts";
import { scopes } from "./model.ts";

const help = `Starts a Quay on this machine for experiments: its API and a real registry.
Its data is lost when it ends.

Usage: npm run quay -- [--port PORT]

  --port PORT   the port to listen on (default: a free one)
  --help        this text

Requires the program docker-registry (Debian and Ubuntu: apt install docker-registry).
`;

const user = "demo";
const organization = "demo-org";

await runCommand({ usage: help, options: { port: { type: "string" } } }, ({ port = "0" }) => {
    if (!/^\d{1,5}$/.test(port)) throw new UsageError(`--port: "${port}" is not a port.`);
    return run(Number(port)).catch(fail);
});

async function run(port: number): Promise<void> {
    const quay = await startQuay({ port });
    for (const signal of ["SIGINT", "SIGTERM"] as const)
        process.once(signal, () => void quay.stop());
    const password = quay.createUser(user);
    quay.createOrganization(organization, user);
    const token = quay.createToken({ user });
    process.stdout.write(`Quay runs at ${quay.url}

  Account:       ${user}, with the password ${password}
  Organization:  ${organization}, which ${user} owns
  Token:         acts as ${user}, with the scopes ${scopes.join(" ")}

  export QUAY_URL=${quay.url}
  export QUAY_TOKEN=${token}

  curl -H "Authorization: Bearer $QUAY_TOKEN" $QUAY_URL/api/v1/user/
  echo "$QUAY_TOKEN" | docker login --username '$oauthtoken' --password-stdin ${quay.registry}

  ${quay.url}/_standin/requests   all requests so far
  ${quay.url}/_standin/state      the whole state, secrets included

Press Ctrl-C to stop it and remove all data.
`);
}
