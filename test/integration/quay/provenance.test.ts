import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context } from "../../../quay/definition/context.ts";
import { promotedImage } from "../../../quay/resources/promotedImage.ts";
import type { Properties } from "../../../quay/definition/values.ts";
import { type Quay, startQuay } from "../../../sandbox/quay/server.ts";
import { Api, expectReply } from "../../../sandbox/quayApi.ts";
import {
    basic,
    digestOf,
    image,
    indexOf,
    indexType,
    Registry,
} from "../../../sandbox/registryClient.ts";
import { type Claims, provenanceType, pushBundle, Sigstore } from "../../sigstore.ts";
import { contextOf, make } from "./context.ts";

const repository = "https://github.com/acme/digits";
const workflow = ".github/workflows/quay-deploy.yml";
const ref = "refs/heads/main";
const signType = "https://sigstore.dev/cosign/sign/v1";

/** What GitHub's certificate says of a run on a ref. */
function run(at: string, changed: Partial<Claims> = {}): Claims {
    const signer = `${repository}/${workflow}@${at}`;
    return {
        subject: signer,
        issuer: "https://token.actions.githubusercontent.com",
        signer,
        runner: "github-hosted",
        repository,
        ref: at,
        ...changed,
    };
}

describe("an image whose origin has to be proven", function () {
    this.timeout(60_000);

    let sigstore: Sigstore;
    let quay: Quay;
    let context: Context;
    let registry: Registry;
    let api: Api;
    let subject: { digest: string; size: number };

    before(async () => {
        sigstore = await Sigstore.start();
    });
    beforeEach(async () => {
        quay = await startQuay();
        quay.createUser("alice");
        const token = quay.createToken({ user: "alice" });
        context = contextOf(quay, token);
        api = new Api(quay.url, token);
        const json = { repository: "prod", visibility: "private", description: "" };
        expectReply(await api.post("/repository", json), 201);
        const credentials = basic("$oauthtoken", token);
        registry = await Registry.login(
            quay,
            credentials,
            "alice/dev:pull,push",
            "alice/prod:pull",
        );
        const manifest = await image(registry, "alice/dev");
        subject = { digest: digestOf(manifest), size: manifest.length };
        expectReply(await registry.manifest("alice/dev", "1.0.0", manifest), 201);
    });
    afterEach(() => quay.stop());

    /** The inputs of a promotion, without those that are null. */
    const inputs = (more: Properties = {}): Properties => {
        const all: Properties = {
            source: `${quay.registry}/alice/dev`,
            target: `${quay.registry}/alice/prod`,
            version: "1.0.0",
            provenance: { repository, workflow, refs: [ref, "refs/tags/v*"] },
            trustedRoot: sigstore.trustedRoot,
            ...more,
        };
        return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
    };
    const keyless = (): Properties => ({
        provenance: null,
        signature: { identities: ["ann@example.com"], issuer: "https://accounts.example.com" },
    });
    const promote = (more?: Properties) => make(promotedImage, inputs(more), context);
    const preview = (more?: Properties) => promotedImage.check(inputs(more), {}, context);
    const push = (bundle: object | string) => pushBundle(registry, "alice/dev", subject, bundle);
    const attest = async (claims: Claims, digest = subject.digest, type = provenanceType) =>
        push(await sigstore.bundle(digest, type, claims));

    /** Expects that neither a preview nor an `up` lets the image pass, and that nothing moved. */
    async function refused(message: RegExp, more?: Properties): Promise<void> {
        await rejects(preview(more), message);
        await rejects(promote(more), message);
        const tags = await api.get("/repository/alice/prod/tag/");
        deepEqual(JSON.parse(tags.text), { tags: [], page: 1, has_additional: false });
        const copied = await registry.ask("HEAD", `alice/prod/manifests/${subject.digest}`);
        equal(copied.status, 404);
    }

    for (const at of [ref, "refs/tags/v1.0.0"])
        it(`passes where the workflow built it for ${at}`, async () => {
            await attest(run(at));
            await preview();
            await promote();
        });

    it("passes where one attestation of several holds", async () => {
        await attest(run("refs/heads/other"));
        await push("{}");
        await attest(run(ref));
        await promote();
    });

    it("passes where GitHub writes the repository's name in another case", async () => {
        const written = "https://github.com/Acme/Digits";
        await attest(run(ref, { repository: written, signer: `${written}/${workflow}@${ref}` }));
        await promote();
    });

    it("is refused without an attestation", async () => {
        await refused(/has no attestation of its build.*quay-deploy\.yml of https:\/\/github/);
        await attest(run(ref), subject.digest, "https://spdx.dev/Document/v2.3");
        await refused(/has no attestation of its build/);
    });

    it("is refused before anything is read that the image lists", async () => {
        const child = await image(registry, "alice/dev");
        expectReply(await registry.manifest("alice/dev", digestOf(child), child), 201);
        const index = indexOf([child]);
        expectReply(await registry.manifest("alice/dev", "1.0.0", index, indexType), 201);
        quay.clearRequests();
        await rejects(preview(), /has no attestation of its build/);
        equal(quay.requests({ path: new RegExp(digestOf(index)) }).length > 0, true);
        deepEqual(quay.requests({ path: new RegExp(`${digestOf(child)}|/blobs/`) }), []);
    });

    const wrong: Record<string, [Partial<Claims>, RegExp]> = {
        "another repository": [
            { repository: "https://github.com/mallory/digits" },
            /built from "https:\/\/github\.com\/mallory\/digits", not from https/,
        ],
        "another branch": [
            { ref: "refs/heads/mine", signer: `${repository}/${workflow}@refs/heads/mine` },
            /built for "refs\/heads\/mine"; versions are made for refs\/heads\/main and refs\/tag/,
        ],
        "a branch that begins like the right one": [
            { ref: `${ref}2`, signer: `${repository}/${workflow}@${ref}2` },
            /built for "refs\/heads\/main2"/,
        ],
        "another workflow": [
            { signer: `${repository}/.github/workflows/evil.yml@${ref}` },
            /the workflow ".*evil\.yml@refs\/heads\/main" built it, not/,
        ],
        "the workflow as it is on another branch": [
            { signer: `${repository}/${workflow}@refs/heads/mine` },
            /the workflow ".*@refs\/heads\/mine" built it/,
        ],
        "a self-hosted runner": [{ runner: "self-hosted" }, /a runner that is "self-hosted"/],
        "somebody who is no workflow": [
            { issuer: "https://accounts.example.com" },
            /is by "https:\/\/accounts\.example\.com", not by GitHub Actions/,
        ],
    };
    for (const [what, [claims, message]] of Object.entries(wrong))
        it(`is refused where it was attested by ${what}`, async () => {
            await attest(run(ref, claims));
            await refused(message);
        });

    it("is refused where another image was attested", async () => {
        await attest(run(ref), `sha256:${"0".repeat(64)}`);
        await refused(/is of another image: "sha256:0{64}"/);
    });

    it("is refused where the attestation was changed", async () => {
        const bundle = await sigstore.bundle(subject.digest, provenanceType, run(ref));
        const other = await sigstore.bundle(`sha256:${"0".repeat(64)}`, provenanceType, run(ref));
        const entries = other.verificationMaterial.tlogEntries;
        // The statement about this image under the signature of another.
        const { payload } = bundle.dsseEnvelope;
        const forged = { ...other, dsseEnvelope: { ...other.dsseEnvelope, payload } };
        await push(forged);
        await refused(/does not match its entry in the transparency log/);
        await push({
            ...bundle,
            verificationMaterial: { ...bundle.verificationMaterial, tlogEntries: entries },
        });
        await refused(/does not match its entry in the transparency log/);
        await push({
            ...bundle,
            verificationMaterial: { ...bundle.verificationMaterial, tlogEntries: [] },
        });
        await refused(/has no time that can be verified/);
        await push("not JSON");
        await refused(/is not a Sigstore bundle/);
    });

    it("is refused where another authority issued the certificate", async () => {
        const theirs = await Sigstore.start();
        await push(await theirs.bundle(subject.digest, provenanceType, run(ref)));
        await refused(/under the trusted root: .*gh attestation trusted-root/);
        const both = `${sigstore.trustedRoot}\n${theirs.trustedRoot}\n`;
        await promote({ trustedRoot: both });
    });

    it("is refused where the trusted root is none", async () => {
        await attest(run(ref));
        for (const trustedRoot of ["", "{}", "no JSON", `${sigstore.trustedRoot}\n{}`])
            await refused(/trustedRoot is no trusted root/, { trustedRoot });
    });

    it("is refused where more is attached than is read", async () => {
        const bundle = await sigstore.bundle(subject.digest, provenanceType, run(ref));
        await push({ ...bundle, more: "x".repeat(1_000_000) });
        await refused(/attestation of 10\d{5} bytes .*: more than 1000000 are not read/);
    });

    it("is not asked again for what was proven, also where Sigstore cannot be reached", async () => {
        await attest(run(ref));
        const made = await promote();
        const again = inputs({ trustedRoot: "none" });
        const { inputs: checked } = await promotedImage.check(again, made.inputs, context);
        equal(promotedImage.diff(made.state, checked).changes.size, 0);
        equal("trustedRoot" in made.state, false);
    });

    it("goes back to a version that was promoted, with the proof that went along", async () => {
        await attest(run(ref));
        await promote();
        expectReply(await api.delete("/repository/alice/dev"), 204);
        quay.collect();
        await promote();
    });

    it("passes where an identity signed it with cosign, and no other", async () => {
        const ann = { subject: "ann@example.com", issuer: "https://accounts.example.com" };
        await attest(run(ref));
        await refused(/has no signature as a Sigstore bundle.*by ann@/, keyless());
        await attest({ ...ann, subject: "eve@example.com" }, subject.digest, signType);
        await refused(/is not signed by ann@.*Its signature is by "eve@/, keyless());
        await attest({ ...ann, issuer: "https://evil.example.com" }, subject.digest, signType);
        await refused(/vouched for by "https:\/\/evil\./, keyless());
        await attest(ann, `sha256:${"0".repeat(64)}`, signType);
        await refused(/is of another image/, keyless());
        await attest(ann, subject.digest, signType);
        await promote(keyless());
    });

    it("needs a key, or an identity with its issuer", async () => {
        for (const signature of [
            {},
            { identities: ["a"] },
            { issuer: "b" },
            { publicKey: "c", identities: ["a"] },
        ]) {
            const { failures } = await preview({ signature });
            match(failures.join(), /either publicKey, or identities and issuer/);
        }
    });

    it("says how to go on where Sigstore's root cannot be fetched", async () => {
        const home = await mkdtemp(join(tmpdir(), "proof-"));
        const set = { XDG_DATA_HOME: home, HTTPS_PROXY: "http://127.0.0.1:9" };
        const before = Object.keys(set).map((name) => [name, process.env[name]] as const);
        Object.assign(process.env, set);
        try {
            await attest(run(ref));
            await refused(
                /could not be fetched from https:\/\/tuf-repo-cdn\.sigstore\.dev: .*`trustedRoot`/,
                { trustedRoot: null },
            );
        } finally {
            for (const [name, value] of before)
                if (value === undefined) Reflect.deleteProperty(process.env, name);
                else process.env[name] = value;
            await rm(home, { recursive: true });
        }
    });
});
