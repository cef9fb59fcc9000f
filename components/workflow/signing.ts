import * as actions from "./actions.ts";
import { architectureOf, type Platform } from "./platforms.ts";
import type { BuildSettings, CommonSettings } from "./settings.ts";
import * as steps from "./steps.ts";
import * as tools from "./tools.ts";
import type { Permission, Step } from "./write.ts";

type Settings = CommonSettings & { readonly build: BuildSettings };

/** Returns the permissions of the job's token that the login and the signatures need. */
export function permissions(settings: Settings): Readonly<Record<string, Permission>> {
    const { attestation = false, signature = "none" } = settings.build;
    const signs = [
        ...(attestation ? ["the attestations"] : []),
        ...(signature === "keyless" ? ["the image"] : []),
    ];
    const why = [
        ...("robot" in settings.login ? ["log in to the registry"] : []),
        ...(signs.length > 0 ? [`sign ${signs.join(" and ")}`] : []),
    ];
    return {
        ...(why.length > 0 && { "id-token": { access: "write", why: `to ${why.join(" and ")}` } }),
        ...(attestation && {
            attestations: { access: "write", why: "to store the attestations in GitHub" },
        }),
    };
}

/** Returns the steps that sign statements on the image with this digest, and the image itself. */
export function sign(settings: Settings, digest: string): readonly Step[] {
    const { attestation = false, signature = "none" } = settings.build;
    return [
        ...(attestation ? attest(settings, digest) : []),
        ...(signature === "keyless" ? signKeyless(settings, digest) : []),
    ];
}

const ifNotAttested =
    "A private repository needs GitHub Enterprise Cloud for it: without that, set " +
    "mlops:github.workflow.attestation to false. Otherwise run this job again.";

/** States how the image was built, and which packages BuildKit found in it. */
function attest({ image, build }: Settings, digest: string): readonly Step[] {
    return [
        {
            name: "Attest the build provenance",
            id: "provenance",
            ifFails: ifNotAttested,
            uses: actions.attest,
            with: subject(image, digest),
        },
        ...(build.platforms ?? [undefined]).flatMap((platform) =>
            attestPackages(image, digest, platform),
        ),
    ];
}

/** States which packages are in the image; with a platform, in that one's of an index. */
function attestPackages(image: string, digest: string, platform?: Platform): readonly Step[] {
    const of = platform === undefined ? "" : ` of ${platform}`;
    const suffix = platform === undefined ? "" : `_${architectureOf(platform)}`;
    const id = `packages${suffix}`;
    return [
        {
            name: `Write the list of packages${of} to a file`,
            id,
            env: { IMAGE: `${image}@${digest}`, ...(platform && { PLATFORM: platform }) },
            run: steps.script("fail", "list-packages"),
        },
        {
            name: `Attest the list of packages${of}`,
            id: `sbom${suffix}`,
            ifFails: ifNotAttested,
            uses: actions.attest,
            with: {
                ...subject(image, platform ? `\${{ steps.${id}.outputs.digest }}` : digest),
                "sbom-path": "${{ runner.temp }}/sbom.json",
            },
        },
    ];
}

function subject(image: string, digest: string): NonNullable<Step["with"]> {
    return {
        "subject-name": image,
        "subject-digest": digest,
        "push-to-registry": true,
        "create-storage-record": false, // needs another permission
    };
}

/** Signs with the job's identity: there is no key that could get lost. */
function signKeyless({ image }: Settings, digest: string): readonly Step[] {
    return [
        {
            name: "Install cosign",
            id: "cosign",
            ifFails: "It downloads cosign: run this job again.",
            uses: actions.cosignInstaller,
            with: { "cosign-release": tools.cosign },
        },
        {
            name: "Sign the image with the job's identity",
            id: "sign",
            env: { IMAGE: `${image}@${digest}` },
            run: steps.script("fail", "sign"),
        },
    ];
}
