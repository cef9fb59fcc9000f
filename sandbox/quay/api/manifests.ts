import { randomUUID } from "node:crypto";
import { z } from "zod";
import { json, notFound, nothing } from "../answers.ts";
import type { Features, Manifest, Scan } from "../model.ts";
import { aliveManifest, aliveTags, expiryLabel, lifetimeFrom } from "../tags.ts";
import type { Call } from "./call.ts";
import { existing } from "./existing.ts";
import { route, type Route } from "./routes.ts";

const newLabel = z.object({
    key: z.string(),
    value: z.string(),
    media_type: z.enum(["text/plain", "application/json"]).nullable(),
});

/**
 * Manifests. With the scanner off, the scan's path falls through to the repository route: 404 in
 * JSON.
 */
export function manifestRoutes(features: Features): readonly Route[] {
    return [
        route("get", "/repository/*repository/manifest/:digest", "repo:read", (call) =>
            json(200, view(manifestOf(call))),
        ),
        route("get", "/repository/*repository/manifest/:digest/labels", "repo:read", (call) =>
            json(200, { labels: manifestOf(call).labels }),
        ),
        route("post", "/repository/*repository/manifest/:digest/labels", "repo:write", (call) => {
            const manifest = manifestOf(call);
            const { key, value, media_type } = call.json(newLabel);
            const label = {
                id: randomUUID(),
                key,
                value,
                source_type: "api",
                media_type: media_type ?? "text/plain",
            };
            manifest.labels.push(label);
            const lifetime = key === expiryLabel ? lifetimeFrom(value) : undefined;
            if (lifetime !== undefined)
                for (const tag of aliveTags(existing(call)))
                    if (tag.digest === manifest.digest) tag.end = tag.start + lifetime;
            return json(201, { label });
        }),
        route(
            "delete",
            "/repository/*repository/manifest/:digest/labels/:label",
            "repo:write",
            (call) => {
                const { labels } = manifestOf(call);
                const index = labels.findIndex(({ id }) => id === call.param("label"));
                if (index < 0) throw notFound();
                labels.splice(index, 1);
                return nothing();
            },
        ),
        ...(features.securityScanner
            ? [
                  route(
                      "get",
                      "/repository/*repository/manifest/:digest/security",
                      "repo:read",
                      security,
                  ),
              ]
            : []),
    ];
}

/** Finds a manifest by digest only; a tag is 404. */
function manifestOf(call: Call): Manifest {
    const manifest = aliveManifest(existing(call), call.param("digest"));
    if (manifest === undefined) throw notFound();
    return manifest;
}

function view({ digest, content, configMediaType, layers, children }: Manifest): object {
    const isList = children.length > 0;
    return {
        digest,
        is_manifest_list: isList,
        // JSON as a string.
        manifest_data: content,
        config_media_type: configMediaType,
        layers_compressed_size: isList ? null : layers.reduce((sum, layer) => sum + layer.size, 0),
        layers: isList
            ? null
            : layers.map((layer, index) => ({
                  index,
                  compressed_size: layer.size,
                  is_remote: false,
                  urls: null,
                  command: null,
                  comment: null,
                  author: null,
                  blob_digest: layer.digest,
                  created_datetime: null,
              })),
    };
}

/**
 * A scan is queued, with null as its data, until a test sets its result. Indexes are never scanned.
 */
function security(call: Call) {
    const manifest = manifestOf(call);
    const scan: Scan = call.state.scans.get(manifest.digest) ?? {
        status: manifest.children.length > 0 ? "unsupported" : "queued",
    };
    const data =
        scan.status === "scanned"
            ? { Layer: layer(manifest, scan, call.flag("vulnerabilities")) }
            : null;
    return json(200, { status: scan.status, data });
}

function layer(
    { digest }: Manifest,
    { features = [] }: Scan,
    withVulnerabilities: boolean,
): object {
    return {
        Name: digest,
        ParentName: "",
        NamespaceName: "",
        IndexedByVersion: 4,
        Features: features.map(({ name, version, vulnerabilities }) => ({
            Name: name,
            VersionFormat: "",
            NamespaceName: "",
            AddedBy: digest,
            Version: version,
            BaseScores: [],
            CVEIds: [],
            ...(withVulnerabilities ? { Vulnerabilities: vulnerabilities.map(vulnerability) } : {}),
        })),
    };
}

function vulnerability({
    name,
    severity,
    fixedBy = "",
    link = "",
    description = "",
}: NonNullable<Scan["features"]>[number]["vulnerabilities"][number]) {
    return {
        Severity: severity,
        NamespaceName: "",
        Link: link,
        FixedBy: fixedBy,
        Description: description,
        Name: name,
        Metadata: {},
    };
}
