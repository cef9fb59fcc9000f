import { gt } from "semver";
import type { Action } from "./actions.ts";

/** A step's action, as bots and this project write it: `uses: OWNER/NAME@COMMIT # v1.2.3`. */
const uses = /(?<=^ *(?:- )?uses: )([\w.-]+\/[\w.-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$/gm;

/**
 * Returns the actions of a workflow's file that another text of the file has with a newer release.
 *
 * @param file as it would be written.
 * @param present as it is in the repository, where a bot may have updated it.
 */
export function newerPins(file: string, present: string): Action[] {
    const own = actionsIn(file);
    return actionsIn(present).filter(({ repository, release }) =>
        own.some((one) => one.repository === repository && gt(release, one.release)),
    );
}

/** Returns a workflow's file with these actions in place of the ones that it has. */
export function withPins(file: string, pins: readonly Action[]): string {
    return file.replace(uses, (written: string, repository: string) => {
        const pin = pins.find((one) => one.repository === repository);
        return pin === undefined ? written : `${repository}@${pin.commit} # ${pin.release}`;
    });
}

/** Returns each action once. One with several pins was updated in part, and is left out. */
function actionsIn(file: string): Action[] {
    const found = new Map<string, Action | undefined>();
    for (const [, repository = "", commit = "", release = ""] of file.matchAll(uses)) {
        const before = found.get(repository);
        const isSame = before?.commit === commit && before.release === release;
        const pin = !found.has(repository) || isSame ? { repository, commit, release } : undefined;
        found.set(repository, pin);
    }
    return [...found.values()].filter((pin) => pin !== undefined);
}
