/** Has root's helper at a socket do things at once, as the page's process does; prints what came of each as JSON, a line each. */
import { HelperError, haveHelper } from "../../src/helper/client.ts";

const [socket, ...requests] = process.argv.slice(2);
const replies = requests.map((request) =>
  haveHelper(JSON.parse(request), socket).catch((error: unknown) =>
    error instanceof HelperError ? { refused: error.message } : { failed: String(error) },
  ),
);
for (const reply of await Promise.all(replies)) console.log(JSON.stringify(reply));
process.exit();
