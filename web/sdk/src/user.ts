import { callJson, segment, type CallOptions, type Wire } from "./http.js";
import type { KycStatus } from "./wire.js";

export interface UserKycStatus {
  partner_user_id: string;
  status: KycStatus;
}

export class Users {
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  async kycStatus(partnerUserId: string, { signal }: CallOptions = {}): Promise<UserKycStatus> {
    return callJson(this.#wire, { path: kycStatusPath(partnerUserId), signal });
  }
}

/** @internal */
export const kycStatusPath = (id: string): string => `/widget/users/${segment(id)}/kyc-status`;
