/** What happens before the rest is loaded: arms wait for the service, and on a Pi loading takes half a second. */
import { startThreadAhead } from "../teleop/thread.ts";

/** Whether this is the command that the service runs. */
export const teleoperates = process.argv[2] === "teleoperate";

if (teleoperates) startThreadAhead();
