import { testMsgPackCodec } from "../channel/codecs/fixtures/msgpack_suite.ts";
import { fastMsgpack } from "./fast_msgpack.ts";

testMsgPackCodec("fastMsgpack", fastMsgpack());
