// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "registry/site/site.h"
#include "registry/store/search.h"
#include "tests/support/temp_dir.h"

namespace busbar {

// The real search over what a site shows, for tests whose store is a fake: each change is written
// to a database of its own. Loop-only.
class SearchMirror {
 public:
  // Both must outlive this; the site is empty so far.
  SearchMirror(EventLoop& loop, Site& site);

  Search& search() { return *search_; }

 private:
  void write(const ConfigChange& change);

  test::TempDir dir_;
  std::unique_ptr<sqlite::Database> db_;
  std::unique_ptr<Search> search_;
  Site::Subscription subscription_;
};

}  // namespace busbar
