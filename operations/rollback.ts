/** Proposes the version that a stack had before: `make rollback STACK=prod`. */
import { UserError } from "../components/messages/userError.ts";
import { QuayError } from "../quay/api/errors.ts";
import { runCommand } from "./commandLine.ts";
import { rollbackBody } from "./promotion/body.ts";
import { ownRepository, proposeVersion } from "./promotion/proposeVersion.ts";
import { Source } from "./promotion/source.ts";
import { quayOf, readStack } from "./promotion/stack.ts";
import { versionsAmong } from "./promotion/versions.ts";

const usage = `Proposes the version that a stack had before the present one, by a pull request that
changes one line of Pulumi.STACK.yaml. Without a repository on GitHub and GITHUB_TOKEN it changes
the file here.

  node operations/rollback.ts STACK [--version VERSION]

  --version VERSION   this version, which the stack had at some time
  --help              this text

It needs QUAY_TOKEN (repo:read) where the stack's repository is private, and for the pull request
GITHUB_TOKEN (contents, pull requests: write).`;

await runCommand(
    { usage, options: { version: { type: "string" } }, arguments: [1, 1] },
    async ({ version: wanted }, [name = ""]) => {
        const stack = readStack(name);
        const { version: present, repository } = stack;
        const api = quayOf(stack);
        try {
            const own = new Source(api, `${api.site.host}/${repository}`);
            const tags = await own.tags();
            const version = wanted ?? (await versionBefore(own, tags, present));
            if (version === undefined || !tags.has(version)) {
                throw new UserError(
                    `${name} cannot go back${wanted === undefined ? "" : ` to ${wanted}`}: ` +
                        `${repository} has no such version before ${present}.`,
                );
            }
            const body = rollbackBody(name, version, present);
            await proposeVersion(stack, { kind: "rollback", version, body }, ownRepository());
        } catch (error) {
            throw error instanceof QuayError ? new UserError(error.message) : error;
        }
    },
);

/**
 * Returns the version that ran before the present one; where nothing is known of what ran, the
 * newest version before it.
 */
async function versionBefore(
    own: Source,
    tags: ReadonlyMap<string, string>,
    present: string,
): Promise<string | undefined> {
    const history = await own.history();
    const versions = versionsAmong([...tags.keys()]);
    const ran = history
        .map(({ digest }) => versions.find((version) => tags.get(version) === digest))
        .filter((version) => version !== undefined && version !== present);
    return ran[0] ?? versions[versions.indexOf(present) + 1];
}
