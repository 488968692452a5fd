// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/completion.h"

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"
#include "tools/busbar/verbs/verbs.h"

namespace busbar::cli {
namespace {

std::string outputOf(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "re"), pclose);
  std::string text;
  char block[4096];
  size_t count = 0;
  while (pipe != nullptr && (count = fread(block, 1, sizeof(block), pipe.get())) > 0) {
    text.append(block, count);
  }
  return text;
}

// What bash offers after `words`; the last one is being typed.
std::string offered(const std::string& words, int count) {
  const test::TempDir dir;
  const std::string path = dir.path() + "/completion";
  std::ofstream(path) << completionScript(allVerbs(), "bash").value();
  return outputOf("bash -c '. " + path + "; COMP_WORDS=(" + words + "); COMP_CWORD=" +
                  std::to_string(count) + "; _busbar; echo \"${COMPREPLY[*]}\"'");
}

TEST(Completion, BashOffersNounsVerbsAndFlags) {
  EXPECT_EQ(offered("busbar mod", 1), "modules\n");
  EXPECT_EQ(offered("busbar modules sto", 2), "stop\n");
  EXPECT_EQ(offered("busbar --data /x module sto", 4), "stop\n");
  EXPECT_EQ(offered("busbar modules start --wa", 3), "--wait\n");
  EXPECT_EQ(offered("busbar logs x --fol", 3), "--follow\n");
  EXPECT_EQ(offered("busbar trigger expl", 2), "explain\n");
  EXPECT_EQ(offered("busbar triggers instances --sys", 3), "--system\n");
}

TEST(Completion, BashOffersChoicesOfFlags) {
  EXPECT_EQ(offered("busbar -o ya", 2), "yaml\n");
  EXPECT_EQ(offered("busbar keys create n --role s", 5), "support\n");
}

TEST(Completion, FishAndZshNameEveryVerb) {
  for (const char* shell : {"fish", "zsh"}) {
    const auto script = completionScript(allVerbs(), shell);
    ASSERT_TRUE(script.ok());
    for (const Verb& verb : allVerbs().verbs) {
      EXPECT_NE(script->find(verb.name), std::string::npos) << shell << " " << verb.name;
    }
  }
}

TEST(Completion, OtherShellsAreRefused) {
  EXPECT_FALSE(completionScript(allVerbs(), "tcsh").ok());
}

}  // namespace
}  // namespace busbar::cli
