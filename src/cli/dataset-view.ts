/**
 * `so101 dataset-view`: what a page shows of a dataset, or takes along, for the page's server, which starts it. Not for people:
 * no help lists it.
 */
import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { tarOf } from "../dataset/tar.ts";
import { printBytes } from "../linux/text/stdout.ts";
import { viewDataset, viewEpisode } from "../web/datasets/view.ts";

/** Where memory runs out this process is ended, and neither the page's nor a recorder. */
function endMeFirst(): void {
  try {
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    // A system that does not let it chooses for itself.
  }
}

/** Makes the command. */
export function datasetViewCommand(): Command {
  return new Command("dataset-view")
    .description(
      "Reads a dataset for the page's server: as JSON what is in it, or in an episode; all of it as a tar.",
    )
    .argument("<what>", "dataset, episode or tar")
    .argument("<dir>", "the dataset's folder")
    .argument("[number]", "the episode's number")
    .action(async (what: string, dir: string, number: string | undefined) => {
      endMeFirst();
      if (what === "tar") for await (const piece of await tarOf(dir)) printBytes(piece);
      else {
        const view = what === "episode" ? viewEpisode(dir, Number(number)) : viewDataset(dir);
        printBytes(Buffer.from(JSON.stringify(await view)));
      }
    });
}
