// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/pjlink/codec.h"

#include <gtest/gtest.h>

namespace busbar::pjlink {
namespace {

using Kind = Reply::Kind;

TEST(PjlinkCodec, DigestIsTheSpecificationsExample) {
  // PJLink specifications 1.04, s.5.1.
  EXPECT_EQ(digest("498e4a67", "JBMIAProjectorLink"), "5d8409bc1c3fa39749434aa3a5c38682");
}

TEST(PjlinkCodec, GreetingsSayWhatFollows) {
  EXPECT_EQ(readGreeting("PJLINK 0", "").kind, Greeting::Kind::Open);
  EXPECT_EQ(readGreeting("PJLINK 0", "unused").prefix, "");
  const Greeting locked = readGreeting("PJLINK 1 498e4a67", "JBMIAProjectorLink");
  EXPECT_EQ(locked.kind, Greeting::Kind::Locked);
  EXPECT_EQ(locked.prefix, "5d8409bc1c3fa39749434aa3a5c38682");
  EXPECT_EQ(locked.problem, "");
  EXPECT_NE(readGreeting("PJLINK 1 498e4a67", "").problem, "");
  EXPECT_EQ(readGreeting("PJLINK ERRA", "x").kind, Greeting::Kind::Refused);
}

TEST(PjlinkCodec, WhatIsNoGreetingIsUnknown) {
  for (const char* line : {"", "PJLINK", "PJLINK 2", "PJLINK 1", "PJLINK 1 ", "PJLINK 1 498e4a6",
                           "PJLINK 1 498e4a677", "PJLINK 1 498e4a6z", "HTTP/1.1 400", "%1POWR=0"}) {
    EXPECT_EQ(readGreeting(line, "x").kind, Greeting::Kind::Unknown) << line;
    EXPECT_NE(readGreeting(line, "x").problem, "") << line;
  }
}

TEST(PjlinkCodec, CommandsCarryTheClassThatKnowsThem) {
  EXPECT_EQ(encode(classOf("POWR", '2'), "POWR", "1"), "%1POWR 1\r");
  EXPECT_EQ(encode(classOf("INPT", '1'), "INPT", "31"), "%1INPT 31\r");
  EXPECT_EQ(encode(classOf("INPT", '2'), "INPT", "5A"), "%2INPT 5A\r");
  EXPECT_EQ(encode(classOf("INNM", '1'), "INNM", "?31"), "%2INNM ?31\r");
}

TEST(PjlinkCodec, RepliesAreValuesConfirmationsOrReasons) {
  EXPECT_EQ(parseReply("%1POWR=1", "POWR").value, "1");
  EXPECT_EQ(parseReply("%1POWR=1", "POWR").kind, Kind::Value);
  EXPECT_EQ(parseReply("%1powr=ok", "POWR").kind, Kind::Ok);
  EXPECT_EQ(parseReply("%1NAME=", "NAME").kind, Kind::Value);
  EXPECT_EQ(parseReply("%1INPT=ERR1", "INPT").kind, Kind::Undefined);
  EXPECT_EQ(parseReply("%1INPT=ERR2", "INPT").kind, Kind::OutOfRange);
  EXPECT_EQ(parseReply("%2INPT=ERR3", "INPT").kind, Kind::NotNow);
  EXPECT_EQ(parseReply("%1INPT=ERR4", "INPT").kind, Kind::Broken);
  EXPECT_EQ(parseReply("PJLINK ERRA", "INPT").kind, Kind::WrongPassword);
  EXPECT_EQ(parseReply("%1POWR=1", "INPT").kind, Kind::Other);
}

TEST(PjlinkCodec, RepliesThatAreNoneAreRubbish) {
  for (const char* line : {"", "%", "%1POWR", "%1POWR 1", "%3POWR=1", "x1POWR=1", "PJLINK 0"}) {
    EXPECT_EQ(parseReply(line, "POWR").kind, Kind::Rubbish) << line;
  }
  EXPECT_EQ(parseReply("%1NAME=" + std::string(kMaxParameterBytes, 'x'), "NAME").kind, Kind::Value);
  EXPECT_EQ(parseReply("%1NAME=" + std::string(kMaxParameterBytes + 1, 'x'), "NAME").kind,
            Kind::Rubbish);
}

TEST(PjlinkCodec, EveryRefusalHasAReason) {
  for (const Kind kind : {Kind::Undefined, Kind::OutOfRange, Kind::NotNow, Kind::Broken,
                          Kind::WrongPassword, Kind::Other, Kind::Rubbish}) {
    EXPECT_FALSE(reasonText(kind).empty());
  }
  EXPECT_TRUE(reasonText(Kind::Ok).empty());
  EXPECT_TRUE(reasonText(Kind::Value).empty());
}

TEST(PjlinkCodec, PowerHasFourStates) {
  EXPECT_EQ(toText(parsePower("0").value()), "off");
  EXPECT_EQ(toText(parsePower("1").value()), "on");
  EXPECT_EQ(toText(parsePower("2").value()), "cooling");
  EXPECT_EQ(toText(parsePower("3").value()), "warming");
  for (const char* value : {"", "4", "00", "x"}) {
    EXPECT_FALSE(parsePower(value)) << value;
  }
}

TEST(PjlinkCodec, MuteIsOfPictureSoundOrBoth) {
  EXPECT_EQ(encodeMute("video", true), "11");
  EXPECT_EQ(encodeMute("audio", false), "20");
  EXPECT_EQ(encodeMute("audio_video", true), "31");
  const auto seen = [](const char* value) {
    const auto mute = parseMute(value);
    return mute ? std::string(mute->video ? "v" : "-") + (mute->audio ? "a" : "-") : "none";
  };
  EXPECT_EQ(seen("11"), "v-");
  EXPECT_EQ(seen("21"), "-a");
  EXPECT_EQ(seen("31"), "va");
  EXPECT_EQ(seen("30"), "--");
  for (const char* value : {"", "1", "41", "32", "311"}) {
    EXPECT_EQ(seen(value), "none") << value;
  }
}

TEST(PjlinkCodec, ErrorsAreNamedByPart) {
  const auto errors = parseErrors("012000");
  ASSERT_TRUE(errors);
  EXPECT_EQ(errors->at("fan"), "ok");
  EXPECT_EQ(errors->at("lamp"), "warning");
  EXPECT_EQ(errors->at("temperature"), "error");
  for (const char* value : {"", "00000", "0000000", "000003", "00000x"}) {
    EXPECT_FALSE(parseErrors(value)) << value;
  }
}

TEST(PjlinkCodec, LampsArePairs) {
  const auto lamps = parseLamps("1500 1 99999 0");
  ASSERT_TRUE(lamps);
  ASSERT_EQ(lamps->size(), 2U);
  EXPECT_EQ((*lamps)[0].hours, 1500U);
  EXPECT_TRUE((*lamps)[0].isOn);
  EXPECT_EQ((*lamps)[1].hours, 99'999U);
  EXPECT_FALSE((*lamps)[1].isOn);
  EXPECT_TRUE(parseLamps("1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"));
  for (const char* value : {"", "1", "1 2", "100000 1", "-1 1", "1  1", "1 1 ", "a 1",
                            "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"}) {
    EXPECT_FALSE(parseLamps(value)) << value;
  }
}

TEST(PjlinkCodec, InputsHaveNamesAndCodes) {
  EXPECT_EQ(parseInput("31"), "digital1");
  EXPECT_EQ(parseInput("5a"), "networka");
  EXPECT_EQ(parseInput("6Z"), "internalz");
  EXPECT_EQ(parseInputs("11 22 31"), (std::vector<std::string>{"rgb1", "video2", "digital1"}));
  for (const char* value : {"", "3", "71", "01", "30", "311", "3-"}) {
    EXPECT_FALSE(parseInput(value)) << value;
    EXPECT_FALSE(inputCode(value)) << value;
  }
  EXPECT_FALSE(parseInputs("11  31"));
  EXPECT_EQ(inputCode("digital1"), "31");
  EXPECT_EQ(inputCode("NetworkA"), "5A");
  EXPECT_EQ(inputCode("5a"), "5A");
  EXPECT_FALSE(inputCode("hdmi1"));
  EXPECT_FALSE(inputCode("digital"));
}

TEST(PjlinkCodec, TextIsAlwaysUtf8) {
  EXPECT_EQ(parseText("Salle réunion"), "Salle réunion");
  EXPECT_EQ(parseText(""), "");
  EXPECT_EQ(parseText("a\xff"
                      "b\xc3"),
            "a?b?");
  EXPECT_EQ(parseText("\xed\xa0\x80\xc0\x80\x01"), "??????");
  EXPECT_EQ(parseText("\xf0\x9f\x93\xbd"), "\xf0\x9f\x93\xbd");
}

TEST(PjlinkCodec, Class2Values) {
  EXPECT_EQ(parseFlag("1"), true);
  EXPECT_EQ(parseFlag("0"), false);
  EXPECT_FALSE(parseFlag("2"));
  EXPECT_EQ(parseHours("99999"), 99'999U);
  EXPECT_FALSE(parseHours("100000"));
  EXPECT_FALSE(parseHours(""));
  EXPECT_EQ(parseResolution("1920x1080"), "1920x1080");
  EXPECT_EQ(parseResolution("-"), "none");
  EXPECT_EQ(parseResolution("*"), "unknown");
  EXPECT_FALSE(parseResolution("1920x"));
  EXPECT_FALSE(parseResolution("1920"));
}

}  // namespace
}  // namespace busbar::pjlink
