import { equal } from "node:assert/strict";
import { missingTokens } from "../../../../operations/review/tokens.ts";
import { preview, recorded } from "./previews.ts";

describe("the tokens that up will miss", () => {
    /** What is said of a stack of this project, where these variables are set. */
    const said = (stack: string, env: NodeJS.ProcessEnv, given = recorded("release")) =>
        missingTokens([{ ...given, stack }], env);

    it("are named after a preview that passed without", () => {
        const message = "`pulumi up` needs what is not set here: QUAY_TOKEN and GITHUB_TOKEN.";
        equal(said("dev", {}), message);
        equal(said("dev", { GITHUB_TOKEN: "", QUAY_TOKEN: "" }), message);
        equal(
            said("dev", { QUAY_TOKEN: "x" }),
            "`pulumi up` needs what is not set here: GITHUB_TOKEN.",
        );
    });

    it("are none where they are set, or the stack has none", () => {
        equal(said("dev", { GITHUB_TOKEN: "x", QUAY_TOKEN: "x" }), undefined);
        equal(said("local", {}), undefined);
    });

    it("do not matter where nothing changes, or the preview failed", () => {
        equal(said("dev", {}, preview([])), undefined);
        equal(said("dev", {}, recorded("mistake", "failed")), undefined);
    });
});
