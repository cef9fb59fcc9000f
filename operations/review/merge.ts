/** The merge of a pull request with its base: what GitHub makes of it, as git's objects. */
import { execFileSync } from "node:child_process";
import { UserError } from "../../components/messages/userError.ts";

/** A merge commit. */
export interface Merge {
    readonly commit: string;
    /** The hash of its tree. */
    readonly tree: string;
    /** Its first parent, a commit of the base. */
    readonly base: string;
}

/** Runs git in a folder. @returns what it prints */
export function git(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
    return execFileSync("git", args, {
        cwd: folder,
        encoding: "utf8",
        env: { ...process.env, ...env },
        maxBuffer: 1 << 28,
        stdio: ["ignore", "pipe", "pipe"],
    });
}

/**
 * Fetches the merge of a pull request with its base. Nothing of it is checked out.
 *
 * @param folder a checkout of the base, whose remote `origin` is the repository.
 * @param base the base's branch.
 * @param head the pull request's last commit.
 * @param token may read the repository.
 * @param server GitHub's address; the token is sent to no other.
 * @throws UserError if there is no merge of exactly these: one of both has moved on, or they are in
 * conflict.
 */
export function fetchMerge(
    folder: string,
    {
        number,
        base,
        head,
        token,
        server = "https://github.com",
    }: {
        readonly number: number;
        readonly base: string;
        readonly head: string;
        readonly token: string;
        readonly server?: string | undefined;
    },
): Merge {
    const merge = `refs/pull/${String(number)}/merge`;
    const [ofMerge, ofBase] = ["refs/review/merge", "refs/review/base"];
    const refs = [`+${merge}:${ofMerge}`, `+refs/heads/${base}:${ofBase}`];
    try {
        git(
            folder,
            ["fetch", "--quiet", "--no-tags", "--depth=2", "origin", ...refs],
            login(server, token),
        );
    } catch {
        throw new UserError(
            `GitHub gives no merge of the pull request with ${base}: resolve their conflicts, or ` +
                "run this again.",
        );
    }
    const [commit = "", ...parents] = git(folder, ["rev-list", "--parents", "-n1", ofMerge])
        .trim()
        .split(" ");
    const tip = git(folder, ["rev-parse", ofBase]).trim();
    if (parents.join(" ") !== `${tip} ${head}`)
        throw new UserError(
            `The branch ${base} or the pull request has moved on: update the pull request's ` +
                "branch for a new preview.",
        );
    return { commit, tree: git(folder, ["rev-parse", `${commit}^{tree}`]).trim(), base: tip };
}

/** Returns the settings that have git log in to GitHub, in its environment: no file has them. */
function login(server: string, token: string): NodeJS.ProcessEnv {
    const credentials = Buffer.from(`x-access-token:${token}`).toString("base64");
    return {
        GIT_TERMINAL_PROMPT: "0",
        GIT_CONFIG_COUNT: "1",
        GIT_CONFIG_KEY_0: `http.${server}/.extraHeader`,
        GIT_CONFIG_VALUE_0: `Authorization: basic ${credentials}`,
    };
}
