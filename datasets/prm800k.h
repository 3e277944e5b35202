// PRM800K: step-by-step solutions of MATH training problems, written by GPT-4, judged by people (Lightman et al. 2023,
// "Let's Verify Step by Step").
//
// Used as the method uses it: as fine-grained solutions to learn from, so only those that are complete and right.
// Files (gzip), with fields problem_id, problem, answer, steps, first_error (-1: no wrong step):
//   <folder>/human_steps_train.jsonl.gz   kept: `label` true (reached its answer, equal to the reference), and no step
//                                         that people marked as wrong
//   <folder>/prmbench_train.jsonl.gz      kept: `kind` "original" (a PRM800K solution without a wrong step) that has
//                                         the reference answer in its last three steps or in a box; this file has no
//                                         answer line, so it is added
// Or, where these are not there, as the authors publish it: phase1_train.jsonl and phase2_train.jsonl, a record a solution
// with the steps that people chose. Kept: complete ("finish_reason": "solution") and with the reference answer, by the rules
// of PRM800K; no trial questions (is_quality_control_question, is_initial_screening_question). They name no problem: its id
// is made of its text, and in a mix with math it is the problem with that text.
// What is dropped, and why, is counted in the notes. Solutions of one problem that differ are all kept.
//
// Splits: "valid" is carved out as for math, so that the two never disagree about a problem. There is no "test".
//
// Prompt: the templates' defaults. A solution is one step a line, then "# Answer" and the answer. Style: "prm800k".
//
// Ids are those of the MATH problems, so that a mix with math joins the solutions of a problem.
//
// Licence: PRM800K MIT, Copyright (c) 2023 OpenAI; PRMBench (Song et al. 2025) Apache-2.0.
#pragma once

#include <filesystem>
#include <vector>

#include "datasets/dataset.h"

namespace ft {

[[nodiscard]] std::vector<std::filesystem::path> prm800k_files(const ProblemSetSpec& spec);
[[nodiscard]] std::vector<Problem> load_prm800k(const ProblemSetSpec& spec, LoadNotes& notes);
[[nodiscard]] DatasetInfo prm800k_info();

}  // namespace ft
