/** What can be asked about the machine's datasets: to look at them, and to take one along. Nothing here changes one. */
import { HEADERS } from "../http/page-files.ts";
import { refusal, reply } from "../http/replies.ts";
import type { Asked, MachineRoute } from "../http/route.ts";
import { shared } from "../http/shared.ts";
import { listDatasets, pathOfDataset } from "./folder.ts";
import { tarBy, Viewing } from "./viewing.ts";

/** However many pages look, the folder is read so often. */
const LIST_EVERY_MS = 1_000;
/** Each takes a share of the network, and of the disk that is recorded to. */
const MOST_DOWNLOADS = 4;

/** The routes. */
export function datasetRoutes(folder: string): readonly MachineRoute[] {
  const list = shared(LIST_EVERY_MS, async () => listDatasets(folder));
  const viewing = new Viewing();
  let downloads = 0;
  return [
    {
      method: "GET",
      path: "/datasets",
      who: "reader",
      answer: async () => reply(await list()),
    },
    {
      method: "GET",
      path: "/dataset",
      who: "reader",
      answer: (asked) => inDataset(asked, folder, (path) => viewing.view("dataset", path)),
    },
    {
      method: "GET",
      path: "/episode",
      who: "reader",
      answer: (asked) =>
        inDataset(asked, folder, (path) => {
          const number = asked.url.searchParams.get("number") ?? "";
          return /^\d{1,7}$/.test(number)
            ? viewing.view("episode", path, number)
            : refusal(400, "Which episode?");
        }),
    },
    {
      method: "GET",
      path: "/dataset.tar",
      who: "claimed",
      answer: (asked) =>
        inDataset(asked, folder, async (path, name) => {
          if (downloads >= MOST_DOWNLOADS) {
            return refusal(503, `${downloads} downloads go on already: wait until one is done.`);
          }
          downloads++;
          const over = () => {
            downloads--;
          };
          const tar = await tarBy(path).catch((error: Error) => error.message);
          if (typeof tar === "string") {
            over();
            return refusal(409, tar);
          }
          const type = { "content-type": "application/x-tar", "cache-control": "no-store" };
          const disposition = { "content-disposition": `attachment; filename="${name}.tar"` };
          return new Response(asked.lasting(tar, over), { headers: { ...HEADERS, ...type, ...disposition } });
        }),
    },
  ];
}

/** Does something with the dataset that is asked for, by its path and its name. */
function inDataset(
  { url }: Asked,
  folder: string,
  answer: (path: string, name: string) => Response | Promise<Response>,
): Response | Promise<Response> {
  const name = url.searchParams.get("name") ?? "";
  const path = pathOfDataset(folder, name);
  return path === undefined ? refusal(404, "There is no such dataset.") : answer(path, name);
}
