// Registers the tests of the example. Those for other test frameworks run in tests/consumers.
import '../../examples/testing/jest.test.ts';
