import { createHash } from "node:crypto";

/** The avatar that the web UI shows for a name. */
export function avatar(name: string, kind: "user" | "org" | "team" | "robot"): object {
    const hash = createHash("md5").update(name).digest("hex");
    return { name, hash, color: `#${hash.slice(0, 6)}`, kind };
}
