// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// A token of OpenZeppelin with six decimals, until somebody tells it to misbehave.
contract Moody is ERC20 {
    enum Mood { Good, ReturnsFalse, TakesFee, Reverts, MovesMore, RevertsInBlocks }

    Mood public mood;
    address constant COLLECTOR = address(0xFee);

    constructor() ERC20("Moody", "USDT") {
        _mint(msg.sender, 1_000_000_000e6);
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function feel(Mood mood_) external {
        mood = mood_;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        if (mood == Mood.ReturnsFalse) return false;
        require(mood != Mood.Reverts, "no");
        // Whoever only asks pays no gas.
        require(mood != Mood.RevertsInBlocks || tx.gasprice == 0, "no");
        if (mood == Mood.TakesFee) {
            _transfer(msg.sender, COLLECTOR, value / 100);
            value -= value / 100;
        }
        if (mood == Mood.MovesMore) _transfer(msg.sender, COLLECTOR, 1);
        return super.transfer(to, value);
    }
}

/// As old tokens are written: `transfer` returns nothing.
contract Silent {
    event Transfer(address indexed from, address indexed to, uint256 value);

    mapping(address => uint256) public balanceOf;
    uint8 public constant decimals = 6;

    constructor() {
        balanceOf[msg.sender] = 1_000_000_000e6;
    }

    function transfer(address to, uint256 value) external {
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
        emit Transfer(msg.sender, to, value);
    }
}

/// Takes no coins, and sends a token to two people at once.
contract Odd {
    function both(ERC20 token, address a, uint256 toA, address b, uint256 toB) external {
        require(token.transfer(a, toA) && token.transfer(b, toB));
    }

    receive() external payable {
        revert("no");
    }
}
