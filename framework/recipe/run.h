// Carries out a plan: stage after stage, each skipped when its output is sealed and sound, gone on with when it was
// interrupted, begun otherwise. What is damaged is set aside and made again; what cannot be read ends the run.
//
// The run folder:
//   lock            held while a run works here
//   run.yaml        the resolved run file of the last start
//   last_start.json which output of each stage the last start means (framework/store/last_start.h)
//   ledger.jsonl    what happened when: starts, stages, ends
//   log.txt         what was said
//   exit_code       what the last start ended with (framework/store/end_note.h)
//   stop_lead_seconds   what must lie between the request to stop and the kill (stop_lead.h)
//   hang/           reports of starts that stood still (framework/watch/hang_watch.h)
//   stages/<name>-<identity>/   work/ (checkpoints, pieces), identity.txt, inputs.json, steps.jsonl, events/,
//                                   output-<extent>/ (sealed)
#pragma once

#include "framework/recipe/stage_context.h"
#include "framework/store/end_note.h"

namespace ft {

// Collective over groups.world. Throws UserError when the folder is in use or not shared by all ranks, StopRequested after
// a stop on request, and whatever a stage throws. `end_note` is begun on rank 0; its end is the caller's.
void run_stages(const RunPlan& plan, const RunServices& services, Groups groups, Logger& log, ProgressLine& progress,
                const StopFlag& stop, StopLead& lead, EndNote& end_note);

}  // namespace ft
