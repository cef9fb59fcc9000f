import * as quay from "pulumi-quay";

const newest = quay.listTagsOutput({ repository: "acme/shop_staging", limit: 1 });
export const newestTag = newest.tags.apply(([tag]) => tag?.name);
