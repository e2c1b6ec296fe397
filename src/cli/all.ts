/** Every command of the program. */
import type { Command } from "commander";
import { assignCommand } from "./assign.ts";
import { calibrateCommand } from "./calibrate.ts";
import { calibrationCommand } from "./calibration/command.ts";
import { datasetCommand } from "./dataset/command.ts";
import { doctorCommand } from "./doctor.ts";
import { findPortCommand } from "./find-port/command.ts";
import { fleetCommand } from "./fleet/command.ts";
import { followCommand } from "./follow.ts";
import { installCommands } from "./install.ts";
import { lerobotCommand } from "./lerobot.ts";
import { monitorCommand } from "./monitor/command.ts";
import { networkCommand } from "./network.ts";
import { parkCommand } from "./park.ts";
import { pauseCommands } from "./pause.ts";
import { recordCommand } from "./record/command.ts";
import { relaxCommand } from "./relax.ts";
import { replayCommand } from "./replay.ts";
import { setupMotorsCommand } from "./setup-motors.ts";
import { simCommand } from "./sim.ts";
import { statusCommand } from "./status/command.ts";
import { teleoperateCommand } from "./teleoperate/command.ts";
import { webCommand } from "./web.ts";

/** Makes all commands, in the order in which the help lists them. */
export function allCommands(): Command[] {
  return [
    teleoperateCommand(),
    assignCommand(),
    statusCommand(),
    fleetCommand(),
    ...pauseCommands(),
    followCommand(),
    parkCommand(),
    calibrateCommand(),
    calibrationCommand(),
    datasetCommand(),
    doctorCommand(),
    findPortCommand(),
    ...installCommands(),
    monitorCommand(),
    networkCommand(),
    lerobotCommand(),
    recordCommand(),
    relaxCommand(),
    replayCommand(),
    setupMotorsCommand(),
    simCommand(),
    webCommand(),
  ];
}
