import { deepEqual, doesNotMatch, equal, match, throws } from "node:assert/strict";
import { checkSettings, clientOptions } from "../../../quay/provider/settings.ts";
import type { Properties } from "../../../quay/definition/values.ts";

describe("the settings of the Quay provider", () => {
    const options = (settings: Properties, environment: NodeJS.ProcessEnv = {}) =>
        clientOptions(settings, environment, new AbortController().signal);
    const failuresOf = (settings: Properties) => checkSettings(settings).failures.join("\n");

    it("have the address from the configuration, else from the environment, else quay.io", () => {
        const QUAY_URL = "http://localhost:8080/";
        deepEqual(options({}).site, { url: "https://quay.io", host: "quay.io" });
        deepEqual(options({}, { QUAY_URL: "" }).site, { url: "https://quay.io", host: "quay.io" });
        deepEqual(options({}, { QUAY_URL }).site, {
            url: "http://localhost:8080",
            host: "localhost:8080",
        });
        deepEqual(options({ url: "https://quay.example.com" }, { QUAY_URL }).site, {
            url: "https://quay.example.com",
            host: "quay.example.com",
        });
    });

    it("refuse what is no web address of a Quay", () => {
        for (const url of ["quay.io", "ftp://quay.io", "https://quay.io/alice"]) {
            match(failuresOf({ url }), /"url" = ".*": must be/);
            throws(() => options({}, { QUAY_URL: url }), /QUAY_URL = ".*": must be/);
        }
        equal(failuresOf({ url: "https://quay.io/" }), "");
    });

    it("have the token from the variable that they name, and never in themselves", () => {
        const environment = { QUAY_TOKEN: "one", QUAY_TOKEN_OTHER: "two" };
        equal(options({}, environment).token, "one");
        equal(options({ tokenVariable: "QUAY_TOKEN_OTHER" }, environment).token, "two");
        match(
            failuresOf({ token: "HUSHHUSH" }),
            /the token is no setting.*pulumi config rm quay:token/,
        );
        match(
            failuresOf({ tokenVariable: "HUSHHUSH" }),
            /"tokenVariable" = \[secret\]: must be the NAME of an environment variable/,
        );
        for (const settings of [{ token: "HUSHHUSH" }, { tokenVariable: "HUSHHUSH" }])
            doesNotMatch(failuresOf(settings), /HUSH/);
    });

    it("limit the requests at a time, to a number that may come as text", () => {
        equal(options({}).maxParallelRequests, 8);
        equal(options({ maxParallelRequests: "4" }).maxParallelRequests, 4);
        for (const wrong of ["0", "65", "1.5", "many"])
            match(failuresOf({ maxParallelRequests: wrong }), /"maxParallelRequests" = ".*"/);
    });

    it("fill in nothing, since the defaults are the machine's, and keep what the engine adds", () => {
        deepEqual(checkSettings({ version: "1.0.0" }), {
            inputs: { version: "1.0.0" },
            failures: [],
        });
        match(
            failuresOf({ adress: "https://quay.io" }),
            /there is no property "adress"\. It has: url, tokenVariable, maxParallelRequests/,
        );
    });
});
