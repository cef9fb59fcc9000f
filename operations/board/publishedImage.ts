import { QuayClient } from "../../quay/api/client.ts";
import { QuayError } from "../../quay/api/errors.ts";
import { parseImageName } from "../../quay/api/imageName.ts";
import type { Manifest } from "../../quay/api/manifest.ts";
import { RegistrySession } from "../../quay/api/registry.ts";
import { clientOptions } from "../../quay/provider/settings.ts";
import type { Deployed } from "./state.ts";

/** A stack's image on Quay. */
export class PublishedImage {
    readonly api: QuayClient;
    /** Its repository, NAMESPACE/NAME. */
    readonly path: string;
    readonly session: RegistrySession;
    readonly #name: string;
    readonly #digest: string;

    /** @throws QuayError for an image on another Quay: it must not get the token. */
    static async open(published: NonNullable<Deployed["published"]>): Promise<PublishedImage> {
        return Promise.resolve(new PublishedImage(published));
    }

    private constructor({ image, settings }: NonNullable<Deployed["published"]>) {
        this.api = new QuayClient(
            clientOptions(settings, process.env, new AbortController().signal),
        );
        [this.#name = "", this.#digest = ""] = image.split("@");
        const repository = parseImageName(this.#name);
        if (repository?.host !== this.api.site.host)
            throw new QuayError(
                `The image is on another Quay than ${this.api.site.url}: set QUAY_URL.`,
            );
        this.path = repository.path;
        this.session = new RegistrySession(this.api, repository.host, undefined, [
            `repository:${this.path}:pull`,
        ]);
    }

    /** @throws QuayError if it is not there any more. */
    async manifest(): Promise<Manifest> {
        const manifest = await this.session.manifest(this.path, this.#digest);
        if (manifest === undefined)
            throw new QuayError(`There is no ${this.#digest} in ${this.#name} any more.`);
        return manifest;
    }
}
