import { z } from "zod";
import * as names from "../api/names.ts";
import { func } from "../definition/function.ts";
import { listActiveTags, noRepository, tagObject } from "../api/tags.ts";

export const listTags = func({
    name: "listTags",
    description: "Lists the tags of a repository, the newest first, without deleted ones.",
    inputs: {
        repository: names.repository.describe("The repository, NAMESPACE/NAME."),
        limit: z
            .int("must be a whole number.")
            .min(1, "must be 1 at least.")
            .optional()
            .describe("The maximum number of tags. Default: all."),
    },
    outputs: {
        tags: z
            .array(tagObject.meta({ id: "Tag", description: "A tag of a repository." }))
            .describe("The tags."),
    },
    async invoke({ repository, limit }, { api }) {
        const tags = await listActiveTags(api, repository, { limit });
        if (tags === undefined) throw noRepository(api, repository);
        return { tags };
    },
});
