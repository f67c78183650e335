/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vectors.h - RIM and REM test vectors: the values of rim-vectors.md (there it says where each comes
 * from), as hex strings. The first of each pair is by SHA-256, the second by SHA-512.
 */
#ifndef TESTS_MODEL_VECTORS_H
#define TESTS_MODEL_VECTORS_H

#define A1_SHA_256 "6739dfb22b75ee1268d08dfa8369f501bc0b066243553f069f560d1fa1172973"
#define A1_SHA_512                                                                                 \
	"799e434048fb57eb9d4f0e2a2b98158720377252deab2bdfcd69b5a8f82237f4"                         \
	"34bd6bb1c75bf160a2d49382f733b3439a3ff769e4ea5dd9a6f72239d44bbbab"
#define A2_SHA_256 "c50a826a31be7de12f0bdc761457a9de9f293c00fff729f46de06f93ada0bc69"
#define A2_SHA_512                                                                                 \
	"e5714070ea1a1cdca64fcc40d06268e282625aaa60fb4945a6239a5e7d2a021e"                         \
	"c195ebbf9f463b79d451fe599f22a19100767848e23f7e20901def9712323875"
#define A3_SHA_256 "6d1bb7121afd73b1afa166452edb86edd5263bbc68bc6c2626ed099a9a8e753a"
#define A3_SHA_512                                                                                 \
	"932b5202582b63c7b278d312a3b0a5120556337b88e607fd13cdc89215470350"                         \
	"193b9652be029776e8fcaa6a4902b21a6e81cfe60eae666948bb1266df3c8f51"
#define A4_SHA_256 "44653f9bb1c67506a91a9440910b90abc941f9783a337cf8fd64c614ba7a7b09"
#define A4_SHA_512                                                                                 \
	"31fe396a7eaa569a45c91dcee8dfabbe7228a85cd9451884340a7cd8c25608f7"                         \
	"290931dbb8e14d07c6b785e64e571c7cd4ebeff4224a377197e570da92ecd976"
#define A5_SHA_256 "d0ee6ee966aceec5e785499367eb66b5c74c1b8223541eabf0cf51c0d95c243e"
#define A5_SHA_512                                                                                 \
	"03872a256928a0f128ffbd22c61e90a38828e49a58ee8f2858dd72ce68440d90"                         \
	"f0fa2523a1ef88f2cf62563fc7a26333efa43f4f79e24b846eafaf4c542b7b34"
#define A6_SHA_256 "ae35064b64e40e846377ab5243319d154b98073c1ea08698707cfe75d73194bf"
#define A6_SHA_512                                                                                 \
	"a893c4c49e1d51eebe5564e9914cb16d4d1b535237ed4b6c944f0e7e80bf40ea"                         \
	"f4dd8206f03c8c4767888d053622a2bf41e88d425efb06582ffde3b18ab45410"
#define A7_SHA_256 "732a4300b09c4266260470c9350e13e574820223431eb8175ac2e16320808a61"
#define A7_SHA_512                                                                                 \
	"2965f665c39ac4ca87c60cb01820171826c4ce4fc0c11d197b81735ee2ff384d"                         \
	"ed0a613879666b2e5989b0a7b938a8a1a7e89eacb63a13a5fd2394fb4a9a166d"
#define A8_SHA_256 "f3a996e836c9e2fb5a4272eed072719d7d5b3f72db790c85526ca60bb03e68a3"
#define A8_SHA_512                                                                                 \
	"35981cee086f7aa1886bb8a051eb4a27bae51d6e2ff67c3a87a241878b3e48a7"                         \
	"0b4e52bd490fde04262fca9cc0830743d16b014ccf1013f1d647b60358d5d958"
#define A9_SHA_256 "45a32dac1535ce3c3cf2bba8b7a9ef49933d22a8c7e446b0bc0155bb879883e2"
#define A9_SHA_512                                                                                 \
	"da33582ac68d06c61f3b61618545a810ffbdc4c50bd480d18492c896e42708c2"                         \
	"e529cf866f0ad0600d4782b51933aa27a89ba731b2afff45e0b19806a3e148bb"
#define B0_SHA_256 "c50a826a31be7de12f0bdc761457a9de9f293c00fff729f46de06f93ada0bc69"
#define B0_SHA_512                                                                                 \
	"e5714070ea1a1cdca64fcc40d06268e282625aaa60fb4945a6239a5e7d2a021e"                         \
	"c195ebbf9f463b79d451fe599f22a19100767848e23f7e20901def9712323875"
#define B1_SHA_256 "e5f3a116afdd58321f7df4b75a35df29651878250700af5350fc6b3c0a40c614"
#define B1_SHA_512                                                                                 \
	"1a873215d601082f8e6c9cb0648bb54a7a5ebab14acda95df8d454782d05b0a0"                         \
	"8f8f6a010583cdb3e2bb9a1895ca11f62eba6fc0d7a122f305399b1f920e9324"
#define B2_SHA_256 "ec23cf87bd9d45cc45a1a4bbb20d53268e9299309eee98b0ca2cf1cc4760940e"
#define B2_SHA_512                                                                                 \
	"e71f01214c42a962d732477db40c83318205c5b9368caf63b74817c04ce230f1"                         \
	"47ae17c71d54f343483231a47b794e2a298c2e7b348bf11a3a65a72e78c82960"
#define B128_SHA_256 "b21e477bbf684c3a481b0ed50c5f38ec4f4b63057177139bd3f32e105c45a345"
#define B128_SHA_512                                                                               \
	"22e08fd4f00b506476e4019e006983ed53d67aab8f93b64e1627466801a21adf"                         \
	"74d980ac8f27781076cbb599c1887733626a21b7b4c2502a2a4db16009e94ae5"
#define B129_SHA_256 "79238509e0c18213d2a0e76931e383b5c41b4dcdde6c5d4520a968875e70f8de"
#define B129_SHA_512                                                                               \
	"77bb33b8cc803905c167cf784623197d8511f3b48b487311b4c6fabaef384b44"                         \
	"1ef5d53733ea759d6fe69272a2310e572676d8a2eebc58133af2a1bfd5286cec"
#define B130_SHA_256 "b7474703040b18bd6ea847015b57c3fcfa3dd6f74301cfd275438c7d79a71ab1"
#define B130_SHA_512                                                                               \
	"e00b0806f58b6e84675dc88fc93a576fd748386722c1baa9c61dba4a797de3e6"                         \
	"ceb9087739d8fa7677d1896fc18acef4068157945b5e197983ec6d3e8392a41d"
#define B131_SHA_256 "77036b4bd27a98ee5d986b5f96eac77ed5d206c5a12137e1b0f7c86c3bc8e760"
#define B131_SHA_512                                                                               \
	"a3e32662dfe910da829c71530e7245e5d4dfe3e809df422f99032d34c82d6616"                         \
	"6c71f17ad643fefd3e4cbb04079a9340937574ad7780e71baab512a345639800"
#define B132_SHA_256 "52ece0af37dc7eed384d5cbb7123d53bf4f320d1c0d282368d1c6b5908fcba9b"
#define B132_SHA_512                                                                               \
	"eb56b8033bd0af168427e5064406713428f88d2160d305e66860f643ca2fadf2"                         \
	"e6aa20ef20b3b72f30ee9b0aff57db1ffbbd8ae02bbfa86c6fd6ab32c9e9688e"
#define B133_SHA_256 "52ece0af37dc7eed384d5cbb7123d53bf4f320d1c0d282368d1c6b5908fcba9b"
#define B133_SHA_512                                                                               \
	"eb56b8033bd0af168427e5064406713428f88d2160d305e66860f643ca2fadf2"                         \
	"e6aa20ef20b3b72f30ee9b0aff57db1ffbbd8ae02bbfa86c6fd6ab32c9e9688e"
#define C1_SHA_256 "ec23cf87bd9d45cc45a1a4bbb20d53268e9299309eee98b0ca2cf1cc4760940e"
#define C1_SHA_512                                                                                 \
	"e71f01214c42a962d732477db40c83318205c5b9368caf63b74817c04ce230f1"                         \
	"47ae17c71d54f343483231a47b794e2a298c2e7b348bf11a3a65a72e78c82960"
#define C2_SHA_256 "f87580feec1afe79f24a44764615d0c3f1070eebafa2615a713d65a039f13fd6"
#define C2_SHA_512                                                                                 \
	"c4a00845683d606c8f85f6bd42a52dc5b08cab49da69bb564e67839b5031fd9f"                         \
	"e94d9baf1a730fde354a33df12e22d0dac64d0175d10fcf02d150f31bfce8944"
#define C3_SHA_256 "d2e583e27af2b2e0ed00fc5c567aace59d23ee3bf889bf0ebab9ab7200347b7a"
#define C3_SHA_512                                                                                 \
	"5a5fbaa29c9ea5239d2864864d56ec509cfb0ff765ba5195ff8a401970fd6b07"                         \
	"66b704c107d63ca366ed776f5cf56d5f377ad1c86b0480f1bbf56cf07db39fc2"
#define C4_SHA_256 "0f4ab93ebdd4b219a7e9c221472cb869a9dc798cbad36792de0f815e7fba2198"
#define C4_SHA_512                                                                                 \
	"a34d7fe8f10ba28b5a30aceeee4a7508a561dbfc7c6fb6e5768261272d5f63ec"                         \
	"3943b385efd56484d6eef1fc7e20355771c2d698404a21d88750515a53009497"
#define C5_SHA_256 "5a2d9993aec7197307f132c22c1d3d56cc40ebf783ad059fb7c1f26fdbeda006"
#define C5_SHA_512                                                                                 \
	"8a0671367196776fdaac3db2818bdb35113f088f3463cbe509b722371df89ce0"                         \
	"1b6cdc6605346ac89bbfffbb237f4e490d91e16f57ab597ff1557b1ffe1f8a24"
#define D1_SHA_256 "06e05bcb65119bd9b5dac865469de6572d58fc8bee6139b02f98b9002ae1bb59"
#define D1_SHA_512                                                                                 \
	"7b800210d38d919c356dd0a5d512343b00dfdcbad11145d91cdbd1117c7ae1df"                         \
	"9c6f3fae2d43dae0e72e9dda5d89c985eb71e345b4ede80f423e538b202dd7c9"
#define D2_SHA_256 "c600316a67b49943bf3de8ee59ebcfe182a059b1053223ea072c535a4aab1ba3"
#define D2_SHA_512                                                                                 \
	"0a95e380f275ec4d09fc135612d9de819113f042e36a252a14de113be9e0fb71"                         \
	"bed202475a57cfd2104ec0cc348bf6f06c1c2f5056d3f2d5daeeafb5e8fa0aaf"
#define D3_SHA_256 "ec23714ba7f4bfaf0765ac29bca4de821839352e90fce59aa81c524500b7a884"
#define D3_SHA_512                                                                                 \
	"792eec7b76aa1270df0b16152a271626f031c822e83749b8d2892fd32dabe542"                         \
	"22c014d61a01f4761351b044c6296210e3e8fb84bba583682de8df12ea65f7c1"
#define D4_SHA_256 "6835cb19c21d0793a0c60e9aa03e71b418d149885244612157ff0917f33d8959"
#define D4_SHA_512                                                                                 \
	"9e949459e4df93a24914b620651481e0f16764439675189c825557fc562114c1"                         \
	"93034570320e74306fb91cb823be87b102b17638395f5d31816e1d127edffb23"
#define E1_SHA_256 "ce9f3ca9358114cecefe654a09bd720657fd627c0893a91bc99c67f5d9fc4023"
#define E1_SHA_512                                                                                 \
	"c4f5d16b7b73d23b3454b3052ef7726812e362277ada697df7ee7ea20d9d137d"                         \
	"4b3b83a86f7e50e89107ecadd1543c16ae7ae7537793ff3a855b32314168d9a3"
#define E2_SHA_256 "cbaad7051e41ae70e64bf981b3feea83b53797302b337270f03195fd08e38c1b"
#define E2_SHA_512                                                                                 \
	"d3cfc8af765560fd39bd980edd7ad76307a0f1e26b8cad57ad7100490590beb9"                         \
	"94bd9cfa2aa6f4396c5688d3f73f214ca08ca3ef8e32855947c4e177684e3a86"
#define E3_SHA_256 "c50a826a31be7de12f0bdc761457a9de9f293c00fff729f46de06f93ada0bc69"
#define E3_SHA_512                                                                                 \
	"e5714070ea1a1cdca64fcc40d06268e282625aaa60fb4945a6239a5e7d2a021e"                         \
	"c195ebbf9f463b79d451fe599f22a19100767848e23f7e20901def9712323875"
#define E4_SHA_256 "71ae6c134cc803f50580b16f6f39d4297fd9fe7d24c06f5837ad0cd6c430195b"
#define E4_SHA_512                                                                                 \
	"e0295e41884a7d979b39b7a0367ab404e35e648ff4fe5ac9f97379f93fb7feac"                         \
	"d301212dfb4e5005b63c5b1e82b0b9a182bb32cfca3d8e8b8f5e24d18e477694"
#define F1_SHA_256 "50390f7bec64ea72e78d1ec4492fa347007b9fbf74430f47d3890b8025ee8f9b"
#define F1_SHA_512                                                                                 \
	"c0e586af9b5af55b88463ab3d16c79c5ff83af74f5a46ca899ef3e7ca5d29845"                         \
	"9070fc4d17bdd87a97786eac3bd80aaf1a1362a1a33747d8e1eb8698fe632210"
#define F2_SHA_256 "cb83b64179d74e584edcdcfa9722b5333f149621237f0385c9e282a38b8efde9"
#define F2_SHA_512                                                                                 \
	"128f91177a48f44741ff4f47b8e64787882d0187e3b77c5b43717bbdec4a9252"                         \
	"a608d276a72b622db1c22bacee28e5d8ce9ec481c4aa3b59ef5ea2e96ac3e56e"
#define F3_SHA_256 "f12631d083c7725424a4342a416bc34685058522eb75dfc2f2eab471a7de34a1"
#define F3_SHA_512                                                                                 \
	"46616fd8f122e32db77a2bae223a040757b2efefa44d372b94f4ac838269f5cf"                         \
	"10c8b04a44385ea24bfc69489da30b44faed33f89dea5c26601fb987c9059159"
#define G1_SHA_256	  "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"
#define G1_PADDED_SHA_256 "2ea9ab9198d1638007400cd2c3bef1cc745b864b76011a0e1bc52180ac6452d4"
#define G1_SHA_512                                                                                 \
	"7be9fda48f4179e611c698a73cff09faf72869431efee6eaad14de0cb44bbf66"                         \
	"503f752b7a8eb17083355f3ce6eb7d2806f236b25af96a24e22b887405c20081"
#define G1_PADDED_SHA_512                                                                          \
	"ab942f526272e456ed68a979f50202905ca903a141ed98443567b11ef0bf25a5"                         \
	"52d639051a01be58558122c58e3de07d749ee59ded36acf0c55cd91924d6ba11"
#define G2_SHA_256	  "7f9c9e31ac8256ca2f258583df262dbc7d6f68f2a03043d5c99a4ae5a7396ce9"
#define G2_PADDED_SHA_256 "2ea9ab9198d1638007400cd2c3bef1cc745b864b76011a0e1bc52180ac6452d4"
#define G2_SHA_512                                                                                 \
	"19dc6ae12de08b21b36c1ec7f353ce9e7cef73fa4d1354c436234167f0847bc9"                         \
	"e2b85e2f36208f773ef324e2d79e6af1beca4470e44b8672b47d077efe33a1f8"
#define G2_PADDED_SHA_512                                                                          \
	"ab942f526272e456ed68a979f50202905ca903a141ed98443567b11ef0bf25a5"                         \
	"52d639051a01be58558122c58e3de07d749ee59ded36acf0c55cd91924d6ba11"
#define G3_SHA_256	  "bb2275c49f28ad52cae6d55e34a974a58c7a3ba26f976e8ecbbe7a536918dc73"
#define G3_PADDED_SHA_256 "f9df7a3e83b7b4bdc5195d6100aae408a32ddbeccaecb74402035d71295534e3"
#define G3_SHA_512                                                                                 \
	"1b3f258fc7df037a1324b4952aaf709dcfc46aaf1af751e62808b48ab70de5ab"                         \
	"4a98f4738472bdf0b708229d955f592d1b8fbbe4d134c65a0b9c6fce562778aa"
#define G3_PADDED_SHA_512                                                                          \
	"7cf8a7b2e1707d902af1484fe7b2d48c16d2c6cb1e704b524c00d3303baea860"                         \
	"30c41a31f78ccc77836b0aeebf60f422fb52205ab7d8e5dd6a862d29381eae1b"
#define G4_SHA_256	  "dc7a48014fc1fac8b52af39bc7ea5cafafabf8bb81fb8f880fdf3b4a4566795c"
#define G4_PADDED_SHA_256 "dc7a48014fc1fac8b52af39bc7ea5cafafabf8bb81fb8f880fdf3b4a4566795c"
#define G4_SHA_512                                                                                 \
	"3317cc3c3c68eadf60825ca04a9a4d238c73cd2ad755d2ac479352ee6e56127a"                         \
	"5fc8c65dcc5073246ac82b1be0797c4bdcc1a6c06195558d1955739fa607db03"
#define G4_PADDED_SHA_512                                                                          \
	"3317cc3c3c68eadf60825ca04a9a4d238c73cd2ad755d2ac479352ee6e56127a"                         \
	"5fc8c65dcc5073246ac82b1be0797c4bdcc1a6c06195558d1955739fa607db03"
#define G5_SHA_256 "de961d6b9f269c61ba4852123480daaced4c6a5d6df190941fb20be417d78a2e"
#define G5_SHA_512                                                                                 \
	"b741c42944d375eed7e844c5d1a010e86d7eae7442f7f5485ab5b76d605d8642"                         \
	"0cc0a1741f260969f22041e6d0f461c7b6963b4ab660c94f3d940a5bd9d90c72"
/* Section H: a measured zero page at 0x40000000, from A2. */
#define H1_SHA_256 "02242e32832353a7e9d68140055d431e8f1673be91df96b876a2ce1f2e053506"

#endif
